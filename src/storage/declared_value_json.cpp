#include "storage/declared_value_json.hpp"

namespace ramet::storage {
namespace {

struct ValueWriter {
    Json operator()(const TextValue& value) const { return json::object{{"text", value.text}}; }
    Json operator()(const SecretValue& value) const { return json::object{{"secret", value.secret}}; }
    Json operator()(const AliasValue& value) const { return json::object{{"alias", value.target}}; }
    Json operator()(const UnsetValue&) const { return json::object{{"unset", true}}; }
    Json operator()(const GeneratedValue& value) const
    {
        return json::object{{"generate", "random"}, {"length", value.length}, {"secret", value.secret}};
    }
};

bool has(const Json& value, std::string_view key)
{
    const auto* const object = value.if_object();
    return object != nullptr && object->contains(key);
}

}  // namespace

Json to_json(const DeclaredValue& value)
{
    return std::visit(ValueWriter{}, value);
}

Result<DeclaredValue> declared_value_from_json(const Json& value)
{
    if (has(value, "text")) return TextValue{get_string(value, "text")};
    // Before "secret": a generated value may have that member too.
    if (has(value, "generate"))
        return GeneratedValue{static_cast<int>(get_int(value, "length", 32)), get_bool(value, "secret")};
    if (has(value, "secret")) return SecretValue{get_string(value, "secret")};
    if (has(value, "alias")) return AliasValue{get_string(value, "alias")};
    if (has(value, "unset")) return UnsetValue{};
    return fail(ErrorKind::integrity, "{} is no value of a variable", to_text(value));
}

}  // namespace ramet::storage
