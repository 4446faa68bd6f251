#pragma once

#include "base/json.hpp"
#include "config/reading.hpp"

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ramet::config {

/// Named parts of the JSON Schema, collected while it is written.
using Definitions = std::map<std::string, Json>;

/// How one kind of value is read and how the JSON Schema describes it: both from one place, so that they cannot disagree.
/// `read` gives nothing when it has noted an error.
template <typename V>
struct Type {
    std::function<Json(Definitions&)> schema;
    std::function<std::optional<V>(Reading&, const Node&)> read;
};

enum class Presence : std::uint8_t { optional, required };

/// One key of an object of the file.
template <typename T>
struct Key {
    std::string name;
    std::string description;
    Presence presence = Presence::optional;
    std::function<Json(Definitions&)> schema;
    std::function<void(Reading&, const Node&, T&)> read;
};

/// The table of keys of one object of the file: drives reading, the detection of unknown keys, the JSON Schema and the list of
/// what each target serves.
template <typename T>
class Object {
public:
    explicit Object(std::string name) : name_(std::move(name)) {}

    /// `assign` is a member of T (or of std::optional of it), or a function (T&, V).
    template <typename V, typename Assign>
    Object& key(std::string name, std::string description, Type<V> type, Assign assign,
                Presence presence = Presence::optional)
    {
        auto read = [reader = type.read, assign](Reading& reading, const Node& node, T& into) {
            auto value = reader(reading, node);
            if (!value) return;
            if constexpr (std::invocable<Assign, T&, V>)
                assign(into, std::move(*value));
            else
                into.*assign = std::move(*value);
        };
        keys_.push_back({std::move(name), std::move(description), presence, type.schema, std::move(read)});
        return *this;
    }

    const std::string& name() const { return name_; }
    const std::vector<Key<T>>& keys() const { return keys_; }

private:
    std::string name_;
    std::vector<Key<T>> keys_{};
};

/// What the parts of reading an object need that do not depend on its type.
struct KeyFacts {
    std::string_view name;
    Presence presence;
};
bool expect_map(Reading& reading, const Node& node);
void refuse_unknown_key(Reading& reading, const Entry& entry, const std::vector<KeyFacts>& known);
void refuse_missing_keys(Reading& reading, const Node& node, const std::vector<KeyFacts>& known);
Json object_schema(std::vector<std::pair<std::string, Json>> properties, const std::vector<KeyFacts>& known);

template <typename T>
std::vector<KeyFacts> facts_of(const Object<T>& object)
{
    std::vector<KeyFacts> facts;
    for (const auto& key : object.keys()) facts.push_back({key.name, key.presence});
    return facts;
}

/// Reads a map into `into`; false when it is no map at all. Errors inside are noted and reading goes on.
template <typename T>
bool read_object(Reading& reading, const Node& node, const Object<T>& object, T& into)
{
    if (!expect_map(reading, node)) return false;
    const auto known = facts_of(object);
    for (const auto& entry : node.entries) {
        const auto key = std::ranges::find(object.keys(), entry.key, &Key<T>::name);
        if (key == object.keys().end()) {
            refuse_unknown_key(reading, entry, known);
            continue;
        }
        reading.enter(entry.key);
        reading.use(entry.mark);
        key->read(reading, entry.value, into);
        reading.leave();
    }
    refuse_missing_keys(reading, node, known);
    return true;
}

template <typename T>
Json schema_of(const Object<T>& object, Definitions& definitions)
{
    std::vector<std::pair<std::string, Json>> properties;
    for (const auto& key : object.keys()) {
        auto schema = key.schema(definitions);
        schema.as_object()["description"] = key.description;
        properties.emplace_back(key.name, std::move(schema));
    }
    return object_schema(std::move(properties), facts_of(object));
}

/// An object of the file as a type. `object` is a function, so that tables are built only when they are needed.
template <typename T>
Type<T> object_type(const Object<T>& (*object)())
{
    return {[object](Definitions& definitions) -> Json {
                const auto& name = object().name();
                if (!definitions.contains(name)) {
                    definitions[name] = nullptr;  // Ends the recursion of objects that hold themselves.
                    definitions[name] = schema_of(object(), definitions);
                }
                return {{"$ref", "#/$defs/" + name}};
            },
            [object](Reading& reading, const Node& node) -> std::optional<T> {
                T value{};
                if constexpr (requires { value.where; }) value.where = reading.where(node.mark);
                if (!read_object(reading, node, object(), value)) return std::nullopt;
                return value;
            }};
}

}  // namespace ramet::config
