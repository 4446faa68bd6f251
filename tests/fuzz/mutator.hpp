#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ramet::fuzz {

/// Makes inputs out of good ones. The same seed gives the same inputs on every machine.
class Mutator {
public:
    Mutator(std::uint64_t seed, std::vector<std::string> seeds, std::vector<std::string> words);

    /// One of the good inputs after one to eight changes.
    std::string next();

private:
    std::size_t below(std::size_t limit);
    char byte() { return static_cast<char>(below(256)); }
    const std::string& any(const std::vector<std::string>& list) { return list[below(list.size())]; }

    void change(std::string& text);
    void change_bytes(std::string& text);
    void move_pieces(std::string& text);
    void change_number(std::string& text);

    std::mt19937_64 random_;
    std::vector<std::string> seeds_;
    std::vector<std::string> words_;
};

}  // namespace ramet::fuzz
