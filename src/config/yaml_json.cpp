#include "config/yaml_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace ramet::config {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words)
{
    return std::ranges::find(words, text) != words.end();
}

/// The whole text as a number of that type.
template <typename Number, typename... Base>
std::optional<Number> parse_whole(std::string_view text, Base... base)
{
    Number value{};
    const auto* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value, base...);
    if (code != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::optional<Json> parse_integer(std::string_view text)
{
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with("0x")) {
        const auto value = parse_whole<std::uint64_t>(text.substr(2), 16);
        return value ? std::optional<Json>(*value) : std::nullopt;
    }
    if (text.starts_with("0o")) {
        const auto value = parse_whole<std::uint64_t>(text.substr(2), 8);
        return value ? std::optional<Json>(*value) : std::nullopt;
    }
    if (const auto value = parse_whole<std::int64_t>(text, 10)) return Json(*value);
    return std::nullopt;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?: what `from_chars` takes beyond that ("inf", "nan") is no
/// number in JSON either.
std::optional<Json> parse_real(std::string_view text)
{
    const bool looks_right = std::ranges::all_of(text, [](char letter) {
        return (letter >= '0' && letter <= '9') || std::string_view("+-.eE").contains(letter);
    });
    if (!looks_right || std::ranges::none_of(text, [](char letter) { return letter >= '0' && letter <= '9'; }))
        return std::nullopt;
    if (text.starts_with('+')) text.remove_prefix(1);
    if (const auto value = parse_whole<double>(text)) return Json(*value);
    return std::nullopt;
}

Json scalar_to_json(const Node& node)
{
    const std::string_view text = node.text;
    if (node.quoting == Quoting::quoted) return Json(text);
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
    if (is_one_of(text, {"true", "True", "TRUE"})) return true;
    if (is_one_of(text, {"false", "False", "FALSE"})) return false;
    if (auto integer = parse_integer(text)) return *std::move(integer);
    if (auto real = parse_real(text)) return *std::move(real);
    return Json(text);
}

}  // namespace

Json to_json(const Node& node)
{
    switch (node.kind) {
    case NodeKind::null: return nullptr;
    case NodeKind::scalar: return scalar_to_json(node);
    case NodeKind::sequence: {
        json::array items;
        for (const auto& item : node.items) items.push_back(to_json(item));
        return items;
    }
    case NodeKind::map: {
        json::object members;
        for (const auto& entry : node.entries) members[entry.key] = to_json(entry.value);
        return members;
    }
    }
    return nullptr;
}

}  // namespace ramet::config
