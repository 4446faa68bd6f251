#include "base/text.hpp"

#include <cstdint>

namespace ramet {
namespace {

// The plain letter of U+00C0 … U+017F (Latin-1 Supplement and Latin Extended-A), in order; '?' takes two letters.
constexpr std::string_view plain_letters = "aaaaaa?ceeeeiiiidnooooo-ouuuuy??"
                                           "aaaaaa?ceeeeiiiidnooooo-ouuuuy?y"
                                           "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkk"
                                           "llllllllllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(plain_letters.size() == 0x180 - 0xC0);

std::string_view two_letters(std::uint32_t code)
{
    switch (code) {
    case 0xC6:
    case 0xE6: return "ae";
    case 0xDE:
    case 0xFE: return "th";
    case 0xDF: return "ss";
    case 0x132:
    case 0x133: return "ij";
    default: return "oe";  // U+0152, U+0153
    }
}

/// Takes one UTF-8 character off the front of `rest`; a byte that is not UTF-8 counts as one unknown character.
std::uint32_t next_code(std::string_view& rest)
{
    const auto first = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    if (first < 0x80) return first;
    if (first < 0xC0) return 0xFFFD;
    std::size_t following = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    std::uint32_t code = first & (0x3FU >> following);
    for (; following > 0 && !rest.empty(); --following) {
        const auto next = static_cast<unsigned char>(rest.front());
        if ((next & 0xC0U) != 0x80U) return 0xFFFD;
        code = (code << 6U) | (next & 0x3FU);
        rest.remove_prefix(1);
    }
    if (following > 0) return 0xFFFD;
    return code;
}

std::string folded(std::uint32_t code)
{
    if (code >= 'A' && code <= 'Z') return {static_cast<char>(code - 'A' + 'a')};
    if ((code >= 'a' && code <= 'z') || (code >= '0' && code <= '9')) return {static_cast<char>(code)};
    if (code >= 0x300 && code <= 0x36F) return {};  // A combining accent belongs to the letter before it.
    if (code < 0xC0 || code >= 0x180) return "-";
    const char letter = plain_letters[code - 0xC0];
    return letter == '?' ? std::string(two_letters(code)) : std::string{letter};
}

}  // namespace

std::string to_slug(std::string_view text)
{
    std::string slug;
    while (!text.empty()) {
        const auto piece = folded(next_code(text));
        const bool needless_dash = piece == "-" && (slug.empty() || slug.ends_with('-'));
        if (!needless_dash) slug += piece;
    }
    if (slug.ends_with('-')) slug.pop_back();
    return slug;
}

}  // namespace ramet
