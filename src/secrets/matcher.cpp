#include "secrets/matcher.hpp"

#include <algorithm>
#include <string_view>

namespace ramet::secrets {
namespace {

/// The patterns from `first` to `last` of a sorted list have the same first `depth` bytes: one node of their prefix
/// tree.
struct Group {
    std::size_t first;
    std::size_t last;
};

}  // namespace

Matcher::Matcher(std::span<const std::string> patterns)
{
    std::vector<std::string> sorted(patterns.begin(), patterns.end());
    std::ranges::sort(sorted);
    number_in_breadth(sorted);
    for (State node = first_child_[start]; node < first_child_[start + 1]; ++node) from_start_[byte_[node]] = node;
    link_failures();
}

void Matcher::number_in_breadth(std::span<const std::string> patterns)
{
    std::vector<Group> groups{{0, patterns.size()}};
    byte_.push_back(0);
    depth_.push_back(0);
    for (std::size_t node = 0; node < groups.size(); ++node) {
        const auto depth = depth_[node];
        auto [first, last] = groups[node];
        match_.push_back(0);
        first_child_.push_back(static_cast<State>(groups.size()));
        for (; first < last && patterns[first].size() == depth; ++first) match_[node] = depth;
        while (first < last) {
            const char byte = patterns[first][depth];
            auto end = first + 1;
            while (end < last && patterns[end][depth] == byte) ++end;
            groups.push_back({first, end});
            byte_.push_back(static_cast<unsigned char>(byte));
            depth_.push_back(depth + 1);
            first = end;
        }
    }
    first_child_.push_back(static_cast<State>(groups.size()));
}

void Matcher::link_failures()
{
    failure_.assign(depth_.size(), start);
    for (State node = 0; node < failure_.size(); ++node) {
        for (State next_node = first_child_[node]; next_node < first_child_[node + 1]; ++next_node) {
            // Those above are linked already: breadth comes first.
            if (node != start) failure_[next_node] = next(failure_[node], static_cast<char>(byte_[next_node]));
            match_[next_node] = std::max(match_[next_node], match_[failure_[next_node]]);
        }
    }
}

Matcher::State Matcher::child(State state, unsigned char byte) const
{
    const auto begin = byte_.begin() + first_child_[state];
    const auto end = byte_.begin() + first_child_[state + 1];
    const auto found = end - begin <= 4 ? std::find(begin, end, byte) : std::lower_bound(begin, end, byte);
    return found != end && *found == byte ? static_cast<State>(found - byte_.begin()) : start;
}

Matcher::State Matcher::next(State state, char byte) const
{
    const auto value = static_cast<unsigned char>(byte);
    while (state != start) {
        if (const auto found = child(state, value); found != start) return found;
        state = failure_[state];
    }
    return from_start_[value];
}

}  // namespace ramet::secrets
