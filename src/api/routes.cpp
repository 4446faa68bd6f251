#include "api/routes.hpp"

namespace ramet::api {

std::vector<Route> all_routes()
{
    std::vector<Route> all;
    for (auto table : {project_routes, environment_routes, snapshot_routes, preview_routes, value_routes, run_routes,
                       maintenance_routes, access_routes, webhook_routes, stream_routes, attach_routes})
        for (auto& route : table()) all.push_back(std::move(route));
    return all;
}

std::string run_location(const std::string& run)
{
    return "/api/v1/runs/" + run;
}

Reply accepted(const std::string& run)
{
    if (run.empty()) return {.body = json::object{{"run", ""}}};
    return {.status = 202, .body = json::object{{"run", run}}, .location = run_location(run)};
}

Result<Reply> reply_run(const Result<std::string>& run)
{
    if (!run) return std::unexpected(run.error());
    return accepted(*run);
}

Result<Reply> reply_json(Result<Json> body)
{
    if (!body) return std::unexpected(body.error());
    return Reply{.body = std::move(*body)};
}

Result<Reply> reply_done(const Result<void>& done)
{
    if (!done) return std::unexpected(done.error());
    return Reply{.status = 204};
}

Result<app::EnvironmentName> environment_of(const Ask& ask)
{
    auto precondition = TRY(read_precondition(ask.request));
    return app::EnvironmentName{ask.query("project"), ask.path_value("name"), std::move(precondition)};
}

}  // namespace ramet::api
