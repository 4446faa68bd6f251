#include "config/scalars.hpp"

#include "base/text.hpp"
#include "config/sizes.hpp"
#include "domain/names.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ramet::config {
namespace {

/// The text of a scalar, or nothing with an error noted.
const std::string* scalar_text(Reading& reading, const Node& node, std::string_view expected)
{
    if (node.kind == NodeKind::scalar) return &node.text;
    reading.refuse(node.mark, fmt::format("{} is expected here", expected));
    return nullptr;
}

template <typename V>
std::optional<V> noted(Reading& reading, const Node& node, Result<V> result)
{
    if (result) return std::move(*result);
    reading.refuse(node.mark, result.error().message);
    return std::nullopt;
}

std::optional<double> parse_number(std::string_view text)
{
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

bool is_number(std::string_view text)
{
    if (text.starts_with("0x") || text.starts_with("0o"))
        return text.size() > 2 && text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
    const auto first = text.find_first_not_of("+-");
    if (first == std::string_view::npos || first > 1 ||
        std::string_view(".0123456789").find(text[first]) == std::string_view::npos)
        return false;
    return text != "." &&
           parse_number(text.starts_with("-.") || text.starts_with("+.") ? text.substr(1) : text).has_value();
}

Json pattern_schema(std::string_view pattern)
{
    if (pattern.empty()) return {{"type", "string"}};
    return {{"type", "string"}, {"pattern", pattern}};
}

}  // namespace

bool looks_like_another_type(std::string_view text)
{
    const auto lower = to_lower(text);
    return lower == "true" || lower == "false" || lower == "null" || lower == ".inf" || lower == ".nan" ||
           is_number(text);
}

Type<std::string> text(TextRule rule)
{
    return {[pattern = rule.pattern](Definitions&) { return pattern_schema(pattern); },
            [rule](Reading& reading, const Node& node) -> std::optional<std::string> {
                const auto* value = scalar_text(reading, node, "a text");
                if (value == nullptr) return std::nullopt;
                if (node.quoting == Quoting::plain && looks_like_another_type(*value)) {
                    reading.refuse(node.mark,
                                   fmt::format("a text is expected here; put {} in quotes", value->substr(0, 40)));
                    return std::nullopt;
                }
                const auto checked = rule.check == nullptr ? Result<void>{} : rule.check(*value);
                if (checked) return *value;
                reading.refuse(node.mark, checked.error().message);
                return std::nullopt;
            }};
}

Type<std::string> text_or_number()
{
    return {[](Definitions&) -> Json { return {{"type", {"string", "number"}}}; },
            [](Reading& reading, const Node& node) -> std::optional<std::string> {
                const auto* value = scalar_text(reading, node, "a text or a number");
                return value == nullptr ? std::nullopt : std::optional(*value);
            }};
}

Type<std::int64_t> integer(std::int64_t least, std::int64_t most)
{
    return {[=](Definitions&) -> Json { return {{"type", "integer"}, {"minimum", least}, {"maximum", most}}; },
            [=](Reading& reading, const Node& node) -> std::optional<std::int64_t> {
                const auto* value = scalar_text(reading, node, "a whole number");
                if (value == nullptr) return std::nullopt;
                std::int64_t number = 0;
                const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
                const bool is_read = error == std::errc() && end == value->data() + value->size();
                if (is_read && node.quoting == Quoting::plain && number >= least && number <= most) return number;
                reading.refuse(node.mark, fmt::format("a whole number from {} to {} is expected here", least, most));
                return std::nullopt;
            }};
}

Type<double> number()
{
    return {[](Definitions&) -> Json { return {{"type", "number"}, {"minimum", 0}}; },
            [](Reading& reading, const Node& node) -> std::optional<double> {
                const auto* value = scalar_text(reading, node, "a number");
                if (value == nullptr) return std::nullopt;
                const auto number = parse_number(*value);
                if (number && *number >= 0 && node.quoting == Quoting::plain) return number;
                reading.refuse(node.mark, "a number from 0 upwards is expected here");
                return std::nullopt;
            }};
}

Type<bool> boolean()
{
    return {[](Definitions&) -> Json { return {{"type", "boolean"}}; },
            [](Reading& reading, const Node& node) -> std::optional<bool> {
                const auto* value = scalar_text(reading, node, "true or false");
                if (value == nullptr) return std::nullopt;
                if (node.quoting == Quoting::plain && (*value == "true" || *value == "True" || *value == "TRUE"))
                    return true;
                if (node.quoting == Quoting::plain && (*value == "false" || *value == "False" || *value == "FALSE"))
                    return false;
                reading.refuse(node.mark, "true or false is expected here");
                return std::nullopt;
            }};
}

Type<Milliseconds> duration()
{
    return {[](Definitions&) -> Json {
                return {{"anyOf", {{{"type", "string"}, {"pattern", "^([0-9]+(d|h|m|s|ms))+$"}}, {{"const", 0}}}}};
            },
            [](Reading& reading, const Node& node) -> std::optional<Milliseconds> {
                const auto* value = scalar_text(reading, node, "a duration like 15m");
                if (value == nullptr) return std::nullopt;
                if (*value == "0" && node.quoting == Quoting::plain) return Milliseconds{0};
                return noted(reading, node, parse_duration(*value));
            }};
}

Type<std::int64_t> byte_size()
{
    return {[](Definitions&) -> Json {
                return {{"anyOf",
                         {{{"type", "string"}, {"pattern", "^[0-9]+(k|K|M|G|T|Ki|Mi|Gi|Ti)?$"}},
                          {{"type", "integer"}, {"minimum", 0}}}}};
            },
            [](Reading& reading, const Node& node) -> std::optional<std::int64_t> {
                const auto* value = scalar_text(reading, node, "a size like 256Mi");
                return value == nullptr ? std::nullopt : noted(reading, node, parse_byte_size(*value));
            }};
}

Type<std::int64_t> cpu_millis()
{
    return {[](Definitions&) -> Json {
                return {{"anyOf",
                         {{{"type", "string"}, {"pattern", "^[0-9]+(m|\\.[0-9]{1,3})?$"}},
                          {{"type", "number"}, {"minimum", 0}}}}};
            },
            [](Reading& reading, const Node& node) -> std::optional<std::int64_t> {
                const auto* value = scalar_text(reading, node, "an amount of cores like 500m");
                return value == nullptr ? std::nullopt : noted(reading, node, parse_cpu_millis(*value));
            }};
}

Type<int> word_value(std::vector<Word> words)
{
    return {[words](Definitions&) -> Json {
                json::array list;
                for (const auto& word : words) list.emplace_back(word.word);
                return {{"enum", std::move(list)}};
            },
            [words](Reading& reading, const Node& node) -> std::optional<int> {
                std::vector<std::string> known;
                for (const auto& [word, value] : words) {
                    if (node.kind == NodeKind::scalar && node.text == word) return value;
                    known.emplace_back(word);
                }
                const auto meant = did_you_mean(node.text.substr(0, 60), known);
                reading.refuse(node.mark, fmt::format("one of {} is expected here{}", join(known, ", "),
                                                      meant.empty() ? "" : "; did you mean '" + meant + "'?"));
                return std::nullopt;
            }};
}

TextRule name_rule()
{
    return {check_name, "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"};
}
TextRule variable_rule()
{
    return {check_variable_name,
            "^(?!(LD_|RAMET_))(?!(GCONV_PATH|BASH_ENV|ENV|IFS|HOST|PORT)$)[A-Za-z_][A-Za-z0-9_]*$"};
}
TextRule secret_rule()
{
    return {check_secret_name, "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"};
}
TextRule argument_rule()
{
    return {check_argument, "^(?!-)[^\\u0000-\\u001f\\u007f]+$"};
}
TextRule branch_rule()
{
    return {check_branch, "^(?![-/.@]$)(?![-/.])(?!.*(\\.\\.|@\\{|//|/\\.))(?!.*(/|\\.|\\.lock)$)(?!.*\\.lock/)"
                          "[^\\u0000-\\u0020\\u007f~^:?*\\[\\\\]+$"};
}
TextRule host_rule()
{
    return {check_host, "^(?!-)[A-Za-z0-9*\\[\\]:._-]{1,253}$"};
}
TextRule url_rule()
{
    return {check_url, "^(?!-)(?!([Ff][Ii][Ll][Ee]|[Dd][Aa][Tt][Aa]|[Jj][Aa][Vv][Aa][Ss][Cc][Rr][Ii][Pp][Tt]):)"
                       "(?!([Ee][Xx][Tt]|[Ff][Dd])::)[^\\u0000-\\u001f\\u007f]+$"};
}

}  // namespace ramet::config
