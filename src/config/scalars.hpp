#pragma once

#include "config/type.hpp"

#include <cstdint>
#include <span>

namespace ramet::config {

/// A rule for a text, with the pattern that the JSON Schema shows (ECMA 262); empty patterns are not shown.
struct TextRule {
    Result<void> (*check)(std::string_view) = nullptr;
    std::string pattern{};
};

/// A text; what YAML reads as a number, truth value or null has to be quoted.
Type<std::string> text(TextRule rule = {});
/// A text that may also be written as a number ("15" and 15): versions.
Type<std::string> text_or_number();
Type<std::int64_t> integer(std::int64_t least, std::int64_t most);
Type<double> number();
Type<bool> boolean();
/// "15m"; a plain 0 is also accepted.
Type<Milliseconds> duration();
/// Bytes: "256Mi", "5Gi", "1G", 1024.
Type<std::int64_t> byte_size();
/// Thousandths of a core: "500m", 2, 0.5.
Type<std::int64_t> cpu_millis();

struct Word {
    std::string_view word;
    int value;
};
/// One word of a closed list; the value is the enumerator.
Type<int> word_value(std::vector<Word> words);

template <typename E>
Type<E> one_of(std::initializer_list<std::pair<std::string_view, E>> words)
{
    std::vector<Word> list;
    for (const auto& [word, value] : words) list.push_back({word, static_cast<int>(value)});
    auto type = word_value(std::move(list));
    return {type.schema, [read = type.read](Reading& reading, const Node& node) -> std::optional<E> {
                const auto value = read(reading, node);
                return value ? std::optional(static_cast<E>(*value)) : std::nullopt;
            }};
}

/// A list; elements that are wrong are noted and left out.
template <typename V>
Type<std::vector<V>> list_of(Type<V> element)
{
    return {[schema = element.schema](Definitions& definitions) -> Json {
                return {{"type", "array"}, {"items", schema(definitions)}};
            },
            [read = element.read](Reading& reading, const Node& node) -> std::optional<std::vector<V>> {
                if (node.kind != NodeKind::sequence) {
                    reading.refuse(node.mark, "a list is expected here");
                    return std::nullopt;
                }
                std::vector<V> values;
                for (std::size_t i = 0; i < node.items.size(); ++i) {
                    reading.enter(std::to_string(i));
                    if (auto value = read(reading, node.items[i])) values.push_back(std::move(*value));
                    reading.leave();
                }
                return values;
            }};
}

/// A map from names to values, in the order of the file.
template <typename V>
Type<std::vector<std::pair<std::string, V>>> map_of(TextRule names, Type<V> value_type)
{
    return {[names, schema = value_type.schema](Definitions& definitions) -> Json {
                return {{"type", "object"},
                        {"propertyNames", {{"pattern", names.pattern}}},
                        {"additionalProperties", schema(definitions)}};
            },
            [names, read = value_type.read](Reading& reading,
                                            const Node& node) -> std::optional<std::vector<std::pair<std::string, V>>> {
                if (!expect_map(reading, node)) return std::nullopt;
                std::vector<std::pair<std::string, V>> values;
                for (const auto& entry : node.entries) {
                    if (const auto checked = names.check(entry.key); !checked) {
                        reading.refuse(entry.mark, checked.error().message);
                        continue;
                    }
                    reading.enter(entry.key);
                    reading.use(entry.mark);
                    auto value = read(reading, entry.value);
                    if constexpr (requires { value->where; })
                        if (value) value->where = reading.where(entry.mark);
                    if (value) values.emplace_back(entry.key, std::move(*value));
                    reading.leave();
                }
                return values;
            }};
}

TextRule name_rule();
TextRule variable_rule();
TextRule secret_rule();
TextRule argument_rule();
TextRule branch_rule();
TextRule host_rule();
TextRule url_rule();

/// A text of the YAML core schema that is no text: "123", "true", "1e3".
bool looks_like_another_type(std::string_view text);

}  // namespace ramet::config
