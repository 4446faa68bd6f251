#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::secrets {

enum class HexDigits : std::uint8_t { lower, upper };

std::string hex_encoded(std::string_view bytes, HexDigits digits);
/// Standard alphabet.
std::string base64_without_padding(std::string_view bytes);

/// Letters, digits and the characters of `unescaped` stay; a space that is among them becomes "+".
std::string percent_encoded(std::string_view bytes, std::string_view unescaped, HexDigits digits);
/// Letters and digits too.
std::string percent_encoded_whole(std::string_view bytes, HexDigits digits);

enum class JsonAscii : std::uint8_t { raw, lower, upper };  ///< UTF-8 as it is, or \uXXXX with these digits
enum class JsonSlash : std::uint8_t { raw, escaped };
enum class JsonHtml : std::uint8_t { raw, escaped };  ///< whether <, > and & become \u00XX
struct JsonStyle {
    JsonAscii ascii = JsonAscii::raw;
    JsonSlash slash = JsonSlash::raw;
    JsonHtml html = JsonHtml::raw;
};
/// The inside of a JSON string, as the encoders of this style print it. Bytes that are no UTF-8 stay as they are.
std::string json_escaped(std::string_view text, JsonStyle style);

}  // namespace ramet::secrets
