#include "base/text.hpp"

#include <algorithm>
#include <numeric>

namespace ramet {
namespace {

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, substitution});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
        }
        before_last.swap(last);
        last.swap(current);
    }
    return last[b.size()];
}

bool is_space(char character)
{
    return std::string_view(" \t\r\n\v\f").contains(character);
}

char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string join(std::span<const std::string> parts, std::string_view separator)
{
    std::string text;
    for (const auto& part : parts) {
        if (&part != parts.data()) text += separator;
        text += part;
    }
    return text;
}

std::string_view trim(std::string_view text)
{
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::string to_lower(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::string last_lines(std::string_view text, std::size_t lines)
{
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (lines == 0) return {};
    auto start = text.size();
    for (std::size_t i = 0; i < lines; ++i) {
        if (start == 0) return std::string(text);
        start = text.rfind('\n', start - 1);
        if (start == std::string_view::npos) return std::string(text);
    }
    return std::string(text.substr(start + 1));
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates)
{
    std::string nearest;
    auto limit = 1 + word.size() / 4;
    for (const auto& candidate : candidates) {
        // Each letter too many is an edit: what cannot be near is not compared, as words from outside may be long.
        const auto [shorter, longer] = std::minmax({word.size(), candidate.size()});
        if (longer - shorter > limit) continue;
        const auto distance = edit_distance(word, candidate);
        // As many edits as there are letters would make any short word a suggestion.
        if (distance > limit || distance >= std::max(word.size(), candidate.size())) continue;
        if (!nearest.empty() && distance == limit) continue;
        nearest = candidate;
        limit = distance;
    }
    return nearest;
}

}  // namespace ramet
