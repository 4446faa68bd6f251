#include "config/type.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ramet::config {

bool expect_map(Reading& reading, const Node& node)
{
    if (node.kind == NodeKind::map) return true;
    reading.refuse(node.mark, "a map of keys is expected here");
    return false;
}

void refuse_unknown_key(Reading& reading, const Entry& entry, const std::vector<KeyFacts>& known)
{
    if (reading.is_enough()) return;
    std::vector<std::string> names;
    for (const auto& fact : known) names.emplace_back(fact.name);
    const auto meant = did_you_mean(entry.key.substr(0, 60), names);
    std::ranges::sort(names);
    reading.refuse(entry.mark,
                   fmt::format("unknown key '{}'{}", entry.key.substr(0, 60),
                               meant.empty() ? "" : "; did you mean '" + meant + "'?"),
                   "keys that are known here: " + join(names, ", "));
}

void refuse_missing_keys(Reading& reading, const Node& node, const std::vector<KeyFacts>& known)
{
    for (const auto& fact : known) {
        const auto is_it = [&](const Entry& entry) { return entry.key == fact.name; };
        if (fact.presence == Presence::required && std::ranges::none_of(node.entries, is_it))
            reading.refuse(node.mark, fmt::format("the key '{}' is missing", fact.name));
    }
}

Json object_schema(std::vector<std::pair<std::string, Json>> properties, const std::vector<KeyFacts>& known)
{
    json::object members;
    for (auto& [name, schema] : properties) members[name] = std::move(schema);
    json::array required;
    for (const auto& fact : known)
        if (fact.presence == Presence::required) required.emplace_back(fact.name);

    json::object result{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members)}};
    if (!required.empty()) result["required"] = std::move(required);
    return result;
}

}  // namespace ramet::config
