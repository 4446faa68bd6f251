#include "mutator.hpp"

#include <algorithm>

namespace ramet::fuzz {

namespace {

constexpr std::size_t longest = 64U << 10U;

const std::vector<std::string>& odd_numbers()
{
    static const std::vector<std::string> numbers = {"0",
                                                     "-1",
                                                     "1e308",
                                                     "-0",
                                                     "65536",
                                                     "2147483648",
                                                     "4294967296",
                                                     "9223372036854775807",
                                                     "9223372036854775808",
                                                     "0x1",
                                                     "010",
                                                     "1.5",
                                                     "+1",
                                                     "",
                                                     "1e400",
                                                     "-9223372036854775808"};
    return numbers;
}

}  // namespace

Mutator::Mutator(std::uint64_t seed, std::vector<std::string> seeds, std::vector<std::string> words)
    : random_(seed), seeds_(std::move(seeds)), words_(std::move(words))
{
    words_.insert(words_.end(),
                  {std::string(1, '\0'), "\r\n", "\n", "\xff", "\xc0\x80", "\xed\xa0\x80", "%", "\\u0000", "..", " "});
}

// Not std::uniform_int_distribution: what it gives is the library's affair.
std::size_t Mutator::below(std::size_t limit)
{
    return static_cast<std::size_t>(random_() % limit);
}

std::string Mutator::next()
{
    auto text = any(seeds_);
    const auto changes = 1 + below(8);
    for (std::size_t i = 0; i < changes; ++i) change(text);
    if (text.size() > longest) text.resize(longest);
    return text;
}

void Mutator::change(std::string& text)
{
    switch (below(4)) {
    case 0: return change_bytes(text);
    case 1: return move_pieces(text);
    case 2: return change_number(text);
    default: text.insert(below(text.size() + 1), any(words_)); return;
    }
}

void Mutator::change_bytes(std::string& text)
{
    const auto at = below(text.size() + 1);
    const auto some = std::min(text.size() - at, below(16));
    switch (below(5)) {
    case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        return;
    case 1:
        if (at < text.size()) text[at] = byte();
        return;
    case 2: text.erase(at, some); return;
    case 3: text.insert(at, std::string(below(64), byte())); return;
    default: text.replace(at, some, any(words_)); return;
    }
}

void Mutator::move_pieces(std::string& text)
{
    const auto from = below(text.size() + 1);
    const auto piece = text.substr(from, below(200));
    const auto& other = any(seeds_);
    switch (below(4)) {
    case 0: text.insert(below(text.size() + 1), piece); return;
    case 1: text.resize(from); return;
    case 2: text = text.substr(0, from) + other.substr(std::min(other.size(), below(other.size() + 1))); return;
    default:
        for (auto times = below(200); times > 0 && text.size() < longest; --times) text.insert(from, piece);
        return;
    }
}

void Mutator::change_number(std::string& text)
{
    const auto begin = text.find_first_of("0123456789", below(text.size() + 1));
    if (begin == std::string::npos) return change_bytes(text);
    const auto end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    text.replace(begin, end - begin, any(odd_numbers()));
}

}  // namespace ramet::fuzz
