#include "targets/local/values.hpp"

#include <algorithm>

namespace ramet::targets::local {
namespace {

/// The node that promises the outputs of a resource of the file.
std::string node_of(const std::string& resource)
{
    constexpr std::string_view service = "service/";
    return resource.starts_with(service) ? "address/" + resource.substr(service.size()) : resource;
}

struct SegmentEncoder {
    std::vector<std::string>& needs;

    Json operator()(const std::string& text) const { return json::string(text); }
    Json operator()(const SecretReference& secret) const
    {
        return json::object{{"$secret", secret.id}, {"version", secret.version}};
    }
    Json operator()(const OutputReference& output) const
    {
        const auto node = node_of(output.resource);
        if (std::ranges::find(needs, node) == needs.end()) needs.push_back(node);
        return output_of(node, output.output);
    }
};

}  // namespace

Json encode_value(const ResolvedValue& value, std::vector<std::string>& needs)
{
    const SegmentEncoder encode{needs};
    if (value.empty()) return "";
    if (value.size() == 1) return std::visit(encode, value.front());
    json::array pieces;
    for (const auto& segment : value) pieces.push_back(std::visit(encode, segment));
    return json::object{{"$concat", std::move(pieces)}};
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

std::vector<std::string> command_arguments(const Json& command)
{
    if (const auto* text = command.if_string()) return {"/bin/sh", "-c", std::string(text->data(), text->size())};
    std::vector<std::string> arguments;
    if (const auto* list = command.if_array())
        for (const auto& argument : *list)
            if (const auto* text = argument.if_string()) arguments.emplace_back(text->data(), text->size());
    return arguments;
}

Json output_of(std::string_view path, std::string_view output)
{
    return json::object{{"$out", json::array{path, output}}};
}

}  // namespace ramet::targets::local
