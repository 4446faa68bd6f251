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

void Rendering::add_object(std::string path, json::object object, std::vector<std::string> needs, json::object more)
{
    needs.emplace_back(namespace_path);
    auto spec = std::move(more);
    spec["cluster"] = options.context;
    spec["namespace"] = output_of(namespace_path, "name");
    spec["object"] = std::move(object);
    add({.path = std::move(path),
         .kind = "kubernetes.object",
         .spec = std::move(spec),
         .needs = std::move(needs),
         .outputs = {"name"}});
}

std::vector<std::string> Rendering::guards() const
{
    std::vector<std::string> paths;
    for (const auto& node : graph.nodes)
        if (node.path.starts_with("policy/") || node.path.starts_with("limit/") || node.path == registry_login_path)
            paths.push_back(node.path);
    return paths;
}

std::string database_path(std::string_view database)
{
    return fmt::format("database/{}", database);
}

std::string data_path(std::string_view database)
{
    return fmt::format("data/{}", database);
}

std::string path_of_need(const Rendering& rendering, const std::string& name, Need need)
{
    if (rendering.find_database(name)) return database_path(name);
    // Its name takes connections from the beginning; until somebody answers there they are refused, and tried again.
    if (rendering.find_service(name)) return need == Need::started ? address_path(name) : service_path(name);
    const auto* job = rendering.find_job(name);
    const bool runs_before =
        job != nullptr && (job->declared.when == JobMoment::before_start || job->declared.when == JobMoment::seed);
    return runs_before ? job_path(name) : std::string();
}

Json output_of(std::string_view path, std::string_view output)
{
    return json::object{{"$out", json::array{path, output}}};
}

Result<engine::Graph> render_environment(const DesiredEnvironment& desired, const TargetOptions& options)
{
    Rendering rendering{{desired}, options};
    render_namespace(rendering);
    if (desired.power == Power::on) {
        TRY(render_databases(rendering));
        TRY(render_jobs(rendering, JobMoment::before_start));
        TRY(render_jobs(rendering, JobMoment::seed));
        TRY(render_services(rendering));
        TRY(render_jobs(rendering, JobMoment::after_create));
        TRY(render_jobs(rendering, JobMoment::after_ready));
        TRY(render_jobs(rendering, JobMoment::cron));
    }
    TRY(render_routes(rendering));
    return rendering.finish();
}

Result<engine::Graph> render_last_jobs(const DesiredEnvironment& desired, const TargetOptions& options)
{
    const bool has_any = std::ranges::any_of(
        desired.jobs, [](const auto& job) { return job.declared.when == JobMoment::before_delete; });
    if (!has_any || desired.power == Power::off) return engine::Graph{};
    Rendering rendering{{desired, TRY(render_environment(desired, options))}, options};
    TRY(render_jobs(rendering, JobMoment::before_delete));
    return rendering.finish();
}

}  // namespace ramet::targets::kubernetes
