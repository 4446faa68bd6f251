#include "api/json_views.hpp"
#include "api/routes.hpp"
#include "app/runs.hpp"

namespace ramet::api {

namespace {

Result<Reply> list(const Ask& ask)
{
    const app::EnvironmentName name{ask.query("project"), ask.query("environment")};
    return reply_list("runs", app::list_runs(ask.app, ask.caller, name));
}

Result<Reply> show(const Ask& ask)
{
    return reply_one(app::get_run(ask.app, ask.caller, ask.path_value("id")));
}

Result<Reply> steps(const Ask& ask)
{
    const auto run = TRY(app::get_run(ask.app, ask.caller, ask.path_value("id")));
    return Reply{.body = list_to_json("steps", run.steps)};
}

Result<Reply> cancel(const Ask& ask)
{
    TRY(app::cancel_run(ask.app, ask.caller, ask.path_value("id")));
    return Reply{.status = 202,
                 .body = json::object{{"run", ask.path_value("id")}},
                 .location = run_location(ask.path_value("id"))};
}

}  // namespace

std::vector<Route> run_routes()
{
    using app::Role;
    return {
        {"GET", "/api/v1/runs", Policy::at_least(Role::viewer), list},
        {"GET", "/api/v1/runs/{id}", Policy::at_least(Role::viewer), show},
        {"GET", "/api/v1/runs/{id}/steps", Policy::at_least(Role::viewer), steps},
        {"POST", "/api/v1/runs/{id}/cancel", Policy::at_least(Role::deployer), cancel},
    };
}

}  // namespace ramet::api
