#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ramet::secrets {

/// Finds any of many patterns in one pass over a text (Aho and Corasick's automaton), in memory that grows with the
/// patterns' common length only: 17 bytes for each node of their prefix tree. Immutable; many threads may walk it at
/// once.
class Matcher {
public:
    using State = std::uint32_t;
    static constexpr State start = 0;

    explicit Matcher(std::span<const std::string> patterns);

    /// Where the automaton stands after one more byte.
    State next(State state, char byte) const;
    /// How many of the last bytes may be the beginning of a pattern.
    std::size_t depth(State state) const { return depth_[state]; }
    /// Length of the longest pattern that ends here; 0 for none.
    std::size_t match(State state) const { return match_[state]; }

private:
    void number_in_breadth(std::span<const std::string> patterns);
    void link_failures();
    State child(State state, unsigned char byte) const;

    // Nodes are numbered in breadth-first order, so that the children of one stand side by side, sorted by their byte.
    std::vector<State> first_child_;   ///< one more than there are nodes: the children end where the next one's begin
    std::vector<unsigned char> byte_;  ///< that leads to the node
    std::vector<State> failure_;
    std::vector<std::uint32_t> depth_;
    std::vector<std::uint32_t> match_;
    std::array<State, 256> from_start_{};
};

}  // namespace ramet::secrets
