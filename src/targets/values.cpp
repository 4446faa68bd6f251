#include "targets/values.hpp"

namespace ramet::targets {

Json note_secret(const SecretReference& secret)
{
    return json::object{{"$secret", secret.id}, {"version", secret.version}};
}

Result<std::string> open_value(const Json& value, SecretOpener& secrets)
{
    if (const auto* text = value.if_string()) return std::string(text->data(), text->size());
    if (const auto& id = get_member(value, "$secret"); !id.is_null()) {
        const auto secret = TRY(secrets.open({get_string(value, "$secret"), get_int(value, "version"), {}}));
        return std::string(secret.reveal());
    }
    const auto* pieces = get_member(value, "$concat").if_array();
    if (pieces == nullptr)
        return fail(ErrorKind::internal, "a value in a spec is neither text nor secret: {}", to_text(value));
    std::string text;
    for (const auto& piece : *pieces) text += TRY(open_value(piece, secrets));
    return text;
}

Result<std::map<std::string, std::string>> open_variables(const Json& object, SecretOpener& secrets)
{
    std::map<std::string, std::string> variables;
    const auto* members = object.if_object();
    if (members == nullptr) return variables;
    for (const auto& [key, value] : *members) {
        auto text = open_value(value, secrets);
        if (!text) return fail_in(text.error(), fmt::format("variable {}", std::string_view(key)));
        variables.emplace(std::string_view(key), std::move(*text));
    }
    return variables;
}

}  // namespace ramet::targets
