#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::secrets {

/// Shorter values are not looked for: "true", "3000" or "admin" would blot out ordinary text, and so few bytes can be
/// guessed from what stands around them anyway.
inline constexpr std::size_t shortest_redacted = 6;

/// All texts under which a secret value may show up, without repetitions: raw (and each longer line of it), base64 in
/// both alphabets at each of the three alignments, hexadecimal, URL-percent and JSON-escaped. Values of more than 4
/// KiB come without the percent and JSON forms, which would cost more memory than such values are worth.
std::vector<std::string> forms_of(std::string_view value);

}  // namespace ramet::secrets
