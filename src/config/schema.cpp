#include "config/schema.hpp"

#include "config/keys.hpp"

#include <algorithm>

namespace ramet::config {
namespace {

/// Follows the schema down and notes each property once.
class Walk {
public:
    explicit Walk(const Json& schema) : definitions_(schema.at("$defs").as_object()) {}

    void walk(const Json& schema, const std::string& path)
    {
        const auto& object = schema.as_object();
        if (const auto* reference = object.if_contains("$ref")) {
            const std::string name(reference->as_string().subview(std::string_view("#/$defs/").size()));
            return walk(definitions_.at(name), path);
        }
        if (const auto* alternatives = object.if_contains("anyOf"))
            for (const auto& each : alternatives->as_array()) walk(each, path);
        if (const auto* items = object.if_contains("items")) walk(*items, path + ".*");
        if (const auto* values = object.if_contains("additionalProperties"); values != nullptr && values->is_object()) {
            note(path + ".*");
            walk(*values, path + ".*");
        }
        if (const auto* properties = object.if_contains("properties"))
            for (const auto& [name, value] : properties->as_object()) {
                const auto key = path.empty() ? std::string(name) : path + "." + std::string(name);
                note(key);
                walk(value, key);
            }
    }

    std::vector<std::string> take() { return std::move(patterns_); }

private:
    void note(const std::string& pattern)
    {
        if (std::ranges::count(patterns_, pattern) == 0) patterns_.push_back(pattern);
    }

    const json::object& definitions_;
    std::vector<std::string> patterns_{};
};

}  // namespace

Json project_file_schema()
{
    Definitions definitions;
    auto root = schema_of(root_object(), definitions).as_object();
    json::object parts;
    for (auto& [name, schema] : definitions) parts[name] = std::move(schema);

    json::object result{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                        {"title", "ramet.yaml"},
                        {"description", "The project file of Ramet. Generated from the table of keys; do not edit."}};
    for (auto& [name, value] : root) result[name] = std::move(value);
    result["$defs"] = std::move(parts);
    return result;
}

std::vector<std::string> all_key_patterns()
{
    const auto schema = project_file_schema();
    Walk walk(schema);
    walk.walk(schema, "");
    return walk.take();
}

}  // namespace ramet::config
