#include "cli/width.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace ramet::cli {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Of Unicode 15, without the rare: marks that stand on the letter before, and joiners.
constexpr Range zero_width[] = {{0x300, 0x36F},   {0x483, 0x489},    {0x591, 0x5BD},   {0x610, 0x61A},
                                {0x64B, 0x65F},   {0x1AB0, 0x1AFF},  {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
                                {0x20D0, 0x20FF}, {0x2060, 0x2064},  {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
                                {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
// East Asian Width W and F (UAX #11), and pictures.
constexpr Range double_width[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},
                                  {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x26A1, 0x26A1},   {0x26D4, 0x26D4},
                                  {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},
                                  {0x4E00, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                                  {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                  {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <std::size_t Size>
bool is_in(char32_t character, const Range (&ranges)[Size])
{
    return std::ranges::any_of(ranges,
                               [&](const Range& range) { return character >= range.first && character <= range.last; });
}

/// Takes one character off the front; a broken byte counts as one.
char32_t take_character(std::string_view& text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : lead >= 0xC0U ? 2 : 1;
    char32_t character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    std::size_t taken = 1;
    for (; taken < std::min(length, text.size()); ++taken) {
        const auto next = static_cast<unsigned char>(text[taken]);
        if ((next & 0xC0U) != 0x80U) break;
        character = character << 6U | (next & 0x3FU);
    }
    text.remove_prefix(taken);
    return character;
}

}  // namespace

std::size_t display_width(std::string_view text)
{
    std::size_t width = 0;
    while (!text.empty()) {
        const auto character = take_character(text);
        if (!is_in(character, zero_width)) width += is_in(character, double_width) ? 2 : 1;
    }
    return width;
}

std::string printable(std::string_view text)
{
    std::string clean(text);
    for (auto& c : clean)
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20U || byte == 0x7FU) c = ' ';
    return clean;
}

}  // namespace ramet::cli
