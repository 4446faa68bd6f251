#include "forges/plain_text.hpp"

namespace ramet::forges {

namespace {

constexpr std::string_view replacement = "\uFFFD";

bool is_continuation(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t announced_length(unsigned char lead)
{
    if (lead < 0x80U) return 1;
    if (lead >= 0xC2U && lead < 0xE0U) return 2;
    if (lead >= 0xE0U && lead < 0xF0U) return 3;
    if (lead >= 0xF0U && lead < 0xF5U) return 4;
    return 0;
}

// Overlong forms, surrogates and what lies beyond U+10FFFF (RFC 3629, section 4).
bool has_valid_second_byte(unsigned char lead, unsigned char second)
{
    if (lead == 0xE0U) return second >= 0xA0U;
    if (lead == 0xEDU) return second < 0xA0U;
    if (lead == 0xF0U) return second >= 0x90U;
    if (lead == 0xF4U) return second < 0x90U;
    return true;
}

/// Bytes of the valid character at the front; 0 when there is none.
std::size_t character_length(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const auto length = announced_length(lead);
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if (!is_continuation(text[i])) return 0;
    if (length > 1 && !has_valid_second_byte(lead, static_cast<unsigned char>(text[1]))) return 0;
    return length;
}

bool is_control(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20U && c != '\n' && c != '\r' && c != '\t') || byte == 0x7FU;
}

}  // namespace

std::string clean_text(std::string_view text)
{
    std::string cleaned;
    cleaned.reserve(text.size());
    while (!text.empty()) {
        const auto length = character_length(text);
        if (length == 0 || is_control(text.front()))
            cleaned += replacement;
        else
            cleaned += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return cleaned;
}

std::string_view cut_text(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit) return text;
    while (limit > 0 && is_continuation(text[limit])) --limit;
    return text.substr(0, limit);
}

}  // namespace ramet::forges
