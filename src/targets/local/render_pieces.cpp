#include "targets/local/render_pieces.hpp"

#include "targets/local/values.hpp"

#include <algorithm>

namespace ramet::targets::local {
namespace {

Json encode_command(const ProjectCommand& command)
{
    if (const auto* text = std::get_if<std::string>(&command)) return json::string(*text);
    json::array words;
    for (const auto& word : std::get<std::vector<std::string>>(command)) words.push_back(json::string(word));
    return words;
}

Json encode_texts(const std::vector<std::string>& texts)
{
    json::array array;
    for (const auto& text : texts) array.push_back(json::string(text));
    return array;
}

}  // namespace

bool Rendering::has_service(const std::string& name) const
{
    return std::ranges::any_of(desired.services,
                               [&](const auto& service) { return service.name == name && is_own(service); });
}

bool Rendering::has_database(const std::string& name) const
{
    return std::ranges::any_of(desired.databases,
                               [&](const auto& database) { return database.name == name && is_own(database); });
}

void Rendering::add(engine::Node node)
{
    std::ranges::sort(node.needs);
    node.needs.erase(std::ranges::unique(node.needs).begin(), node.needs.end());
    std::erase(node.needs, "");
    graph.nodes.push_back(std::move(node));
}

std::string render_build(Rendering& rendering, const ProgramParts& parts)
{
    if (parts.input_hash.empty()) return {};
    for (const auto& node : rendering.graph.nodes)
        if (node.kind == "local.build" && get_string(node.spec, "input_hash") == parts.input_hash) return node.path;
    const auto path = fmt::format("build/{}", parts.name);
    const Build build = parts.build.value_or(Build{});
    json::object spec{{"repository", rendering.desired.repository_url},
                      {"commit", rendering.desired.commit.str()},
                      {"context", build.context},
                      {"paths", encode_texts(parts.paths)},
                      {"command", build.command ? encode_command(*build.command) : Json()},
                      {"input_hash", parts.input_hash},
                      {"timeout_ms", parts.build_timeout.count()}};
    rendering.add({.path = path,
                   .kind = "local.build",
                   .spec = std::move(spec),
                   .outputs = {"artefact", "directory", "input_hash", "log"}});
    return path;
}

Result<json::object> render_program(Rendering& rendering, const ProgramParts& parts, std::vector<std::string>& needs)
{
    if (!parts.run) {
        Error error{ErrorKind::refused,
                    fmt::format("{} has no `run`: on this machine programs are started by it", parts.name)};
        if (!parts.image.empty())
            error.next_step = "add `run`, and `build` where the image is made from; images are not pulled here";
        return std::unexpected(std::move(error));
    }
    json::object env{{"RAMET_ENVIRONMENT", rendering.desired.name},
                     {"RAMET_PROJECT", rendering.desired.project_name},
                     {"RAMET_SERVICE", parts.name}};
    for (const auto& variable : parts.env) env[variable.key] = encode_value(variable.value, needs);
    needs.push_back(home_path);
    json::object spec{
        {"run", encode_command(*parts.run)}, {"env", std::move(env)}, {"uid", output_of(home_path, "service_uid")}};
    if (const auto build = render_build(rendering, parts); !build.empty()) {
        needs.push_back(build);
        spec["artefact"] = output_of(build, "artefact");
        spec["directory"] = output_of(build, "directory");
    }
    return spec;
}

}  // namespace ramet::targets::local
