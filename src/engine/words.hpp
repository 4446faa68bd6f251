#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::engine {

inline bool contains(const std::vector<std::string>& words, std::string_view word)
{
    return std::ranges::find(words, word) != words.end();
}

}  // namespace ramet::engine
