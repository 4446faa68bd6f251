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
    Json operator()(const SecretReference& secret) const { return note_secret(secret); }
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
