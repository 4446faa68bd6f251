#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramet {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
/// The last `lines` lines of `text`, for evidence.
std::string last_lines(std::string_view text, std::size_t lines = 20);
/// The candidate that is most likely meant, or empty when none is near (edit distance ≤ 1 + length/4).
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);
/// Shell-style match of a path with `*` (within one segment), `**` (across segments) and `?`.
bool matches_glob(std::string_view pattern, std::string_view path);
/// Lower-case letters, digits and single dashes; what is outside is folded to a dash. "Feature/Wéb_1" → "feature-web-1".
std::string to_slug(std::string_view text);

}  // namespace ramet
