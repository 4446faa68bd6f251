#include "targets/kubernetes/render.hpp"

#include "targets/kubernetes/render_pieces.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

const DesiredService* Rendering::find_service(const std::string& name) const
{
    const auto at = std::ranges::find(desired.services, name, &DesiredService::name);
    return at == desired.services.end() ? nullptr : &*at;
}

const DesiredDatabase* Rendering::find_database(const std::string& name) const
{
    const auto at = std::ranges::find(desired.databases, name, &DesiredDatabase::name);
    return at == desired.databases.end() ? nullptr : &*at;
}

bool Rendering::has_node(const std::string& path) const
{
    return std::ranges::any_of(graph.nodes, [&](const auto& node) { return node.path == path; });
}

void Rendering::add(engine::Node node)
{
    graph.nodes.push_back(std::move(node));
}

engine::Graph Rendering::finish()
{
    for (auto& node : graph.nodes) {
        std::ranges::sort(node.needs);
        node.needs.erase(std::ranges::unique(node.needs).begin(), node.needs.end());
        std::erase_if(node.needs, [&](const auto& need) { return !has_node(need); });
    }
    return std::move(graph);
}

void Rendering::add_object(std::string path, json::object object, std::vector<std::string> needs)
{
    needs.emplace_back(namespace_path);
    json::object spec{{"namespace", json::object{{"$out", json::array{namespace_path, "name"}}}},
                      {"object", std::move(object)}};
    add({.path = std::move(path), .kind = "kubernetes.object", .spec = std::move(spec), .needs = std::move(needs)});
}

std::vector<std::string> Rendering::guards() const
{
    std::vector<std::string> paths;
    for (const auto& node : graph.nodes)
        if (node.path.starts_with("policy/") || node.path.starts_with("limit/")) paths.push_back(node.path);
    return paths;
}

Result<engine::Graph> render_environment(const DesiredEnvironment& desired, const TargetOptions& options)
{
    Rendering rendering{desired, options};
    render_namespace(rendering);
    TRY(render_services(rendering));
    return rendering.finish();
}

}  // namespace ramet::targets::kubernetes
