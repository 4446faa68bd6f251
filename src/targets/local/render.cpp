#include "targets/local/render.hpp"

#include "targets/local/render_pieces.hpp"

#include <algorithm>

namespace ramet::targets::local {
namespace {

void render_home(Rendering& rendering)
{
    rendering.add(
        {.path = home_path,
         .kind = "local.home",
         .spec = json::object{{"environment", rendering.desired.name}, {"project", rendering.desired.project_name}},
         .outputs = {"directory", "service_uid", "database_uid"}});
}

void render_addresses(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services) {
        if (!is_own(service)) continue;
        rendering.add({.path = address_path(service.name),
                       .kind = "local.shim",
                       .spec = json::object{{"service", service.name}},
                       .needs = {home_path},
                       .outputs = {"host", "port"}});
    }
}

}  // namespace

Result<engine::Graph> render_environment(const DesiredEnvironment& desired)
{
    Rendering rendering{{desired}};
    render_home(rendering);
    render_addresses(rendering);
    if (desired.power == Power::on) {
        render_service_builds(rendering);
        TRY(render_databases(rendering));
        TRY(render_jobs(rendering, JobMoment::before_start));
        TRY(render_jobs(rendering, JobMoment::seed));
        TRY(render_services(rendering));
        TRY(render_jobs(rendering, JobMoment::after_create));
        TRY(render_jobs(rendering, JobMoment::after_ready));
    }
    render_routes(rendering);
    return std::move(rendering.graph);
}

Result<engine::Graph> render_last_jobs(const DesiredEnvironment& desired)
{
    const bool has_any = std::ranges::any_of(
        desired.jobs, [](const auto& job) { return job.declared.when == JobMoment::before_delete; });
    if (!has_any || desired.power == Power::off) return engine::Graph{};
    Rendering rendering{{desired, TRY(render_environment(desired))}};
    TRY(render_jobs(rendering, JobMoment::before_delete));
    return std::move(rendering.graph);
}

}  // namespace ramet::targets::local
