#include "secrets/escapes.hpp"

#include <optional>

namespace ramet::secrets {
namespace {

std::string_view table_of(HexDigits digits)
{
    return digits == HexDigits::lower ? "0123456789abcdef" : "0123456789ABCDEF";
}

void append_hex(std::string& out, char byte, std::string_view table)
{
    const auto value = static_cast<unsigned char>(byte);
    out.push_back(table[value >> 4U]);
    out.push_back(table[value & 0xfU]);
}

bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void append_unit(std::string& out, std::uint32_t unit, std::string_view table)
{
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out.push_back(table[(unit >> static_cast<unsigned>(shift)) & 0xfU]);
}

void append_code_point(std::string& out, std::uint32_t point, std::string_view table)
{
    if (point < 0x10000) return append_unit(out, point, table);
    append_unit(out, 0xd800 + ((point - 0x10000) >> 10U), table);
    append_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ffU), table);
}

/// The code point at the start of `text` when it takes more than one byte and is whole; `size` is how many.
std::optional<std::uint32_t> wide_code_point(std::string_view text, std::size_t& size)
{
    const auto first = static_cast<unsigned char>(text.front());
    size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return std::nullopt;
    std::uint32_t point = first & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0U) != 0x80U) return std::nullopt;
        point = (point << 6U) | (next & 0x3fU);
    }
    return point;
}

char short_escape(char c)
{
    switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return '\0';
    }
}

void append_json_byte(std::string& out, char c, const JsonStyle& style, std::string_view table)
{
    const char escape = c == '/' && style.slash == JsonSlash::escaped ? '/' : short_escape(c);
    const bool is_html = c == '<' || c == '>' || c == '&';
    if (escape != '\0')
        (out += '\\') += escape;
    else if (static_cast<unsigned char>(c) < 0x20 || (is_html && style.html == JsonHtml::escaped))
        append_unit(out, static_cast<unsigned char>(c), table);
    else
        out += c;
}

}  // namespace

std::string hex_encoded(std::string_view bytes, HexDigits digits)
{
    std::string out;
    for (const char byte : bytes) append_hex(out, byte, table_of(digits));
    return out;
}

std::string base64_without_padding(std::string_view bytes)
{
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char byte : bytes) {
        bits = (bits << 8U) | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) out.push_back(alphabet[(bits >> (count - 6)) & 0x3fU]);
    }
    if (count > 0) out.push_back(alphabet[(bits << (6 - count)) & 0x3fU]);
    return out;
}

std::string percent_encoded(std::string_view bytes, std::string_view unescaped, HexDigits digits)
{
    std::string out;
    for (const char byte : bytes) {
        const bool stays = is_letter_or_digit(byte) || unescaped.find(byte) != std::string_view::npos;
        if (stays)
            out.push_back(byte == ' ' ? '+' : byte);
        else
            append_hex(out += '%', byte, table_of(digits));
    }
    return out;
}

std::string percent_encoded_whole(std::string_view bytes, HexDigits digits)
{
    std::string out;
    for (const char byte : bytes) append_hex(out += '%', byte, table_of(digits));
    return out;
}

std::string json_escaped(std::string_view text, JsonStyle style)
{
    const auto table = table_of(style.ascii == JsonAscii::upper ? HexDigits::upper : HexDigits::lower);
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t size = 1;
        const bool is_wide = static_cast<unsigned char>(text[i]) >= 0x80;
        const auto point =
            is_wide && style.ascii != JsonAscii::raw ? wide_code_point(text.substr(i), size) : std::nullopt;
        if (point) {
            append_code_point(out, *point, table);
            i += size;
        } else {
            append_json_byte(out, text[i++], style, table);
        }
    }
    return out;
}

}  // namespace ramet::secrets
