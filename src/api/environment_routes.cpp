#include "api/json_views.hpp"
#include "api/routes.hpp"

namespace ramet::api {

namespace {

Result<Reply> list(const Ask& ask)
{
    const auto views = TRY(app::list_environments(ask.app, ask.caller, ask.query("project"), false));
    return Reply{.body = list_to_json("environments", views)};
}

Result<Reply> show(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_versioned(app::get_environment(ask.app, ask.caller, name));
}

Result<Reply> explain(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_one(app::explain_environment(ask.app, ask.caller, name));
}

Result<Reply> remove(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::delete_environment(ask.app, ask.caller, name, ask.query("confirm")));
}

Result<Reply> list_services(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const auto view = TRY(app::get_environment(ask.app, ask.caller, name));
    return Reply{.body = list_to_json("services", view.services)};
}

Result<Reply> restart(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::restart_service(ask.app, ask.caller, name, ask.path_value("service")));
}

Result<Reply> scale(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const auto replicas = TRY(require_int(ask.body, "replicas"));
    if (replicas < 0 || replicas > 100)
        return fail(ErrorKind::invalid, "replicas must be between 0 and 100, not {}", replicas);
    return reply_run(
        app::scale_service(ask.app, ask.caller, name, ask.path_value("service"), static_cast<int>(replicas)));
}

Result<Reply> list_databases(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const auto view = TRY(app::get_environment(ask.app, ask.caller, name));
    return Reply{.body = list_to_json("databases", view.databases)};
}

// The one answer that carries a credential: administrators ask for it by name, and the audit log says so.
Result<Reply> connection(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const auto url = TRY(app::get_connection_url(ask.app, ask.caller, name, ask.path_value("database")));
    return Reply{.body = json::object{{"url", url.reveal()}}};
}

Result<Reply> refresh(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::refresh_golden(ask.app, ask.caller, name, ask.path_value("database")));
}

Result<Reply> compare(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_one(app::compare_environments(ask.app, ask.caller, name, ask.query("with")));
}

Result<Reply> plan(const Ask& ask)
{
    app::PlanRequest request;
    request.project = get_string(ask.body, "project");
    request.environment = get_string(ask.body, "environment");
    request.pull_request = get_int(ask.body, "pull_request");
    request.branch = get_string(ask.body, "branch");
    request.file_text = get_string(ask.body, "file");
    request.target_here = get_bool(ask.body, "target_here");
    return reply_one(app::plan_environment(ask.app, ask.caller, request));
}

}  // namespace

std::vector<Route> environment_routes()
{
    using app::Role;
    const std::string one = "/api/v1/environments/{name}";
    return {
        {"GET", "/api/v1/environments", Policy::at_least(Role::viewer), list},
        {"GET", one, Policy::at_least(Role::viewer), show},
        {"DELETE", one, Policy::at_least(Role::admin), remove},
        {"GET", one + "/why", Policy::at_least(Role::viewer), explain},
        {"GET", one + "/diff", Policy::at_least(Role::viewer), compare},
        {"GET", one + "/services", Policy::at_least(Role::viewer), list_services},
        {"POST", one + "/services/{service}/restart", Policy::at_least(Role::deployer), restart},
        {"POST", one + "/services/{service}/scale", Policy::at_least(Role::deployer), scale},
        {"GET", one + "/databases", Policy::at_least(Role::viewer), list_databases},
        {"GET", one + "/databases/{database}/connection", Policy::at_least(Role::admin), connection},
        {"POST", one + "/databases/{database}/refresh", Policy::at_least(Role::deployer), refresh},
        {.method = "POST",
         .pattern = "/api/v1/plans",
         .policy = Policy::at_least(Role::viewer),
         .handle = plan,
         .repetition = Repetition::does_no_harm},
    };
}

}  // namespace ramet::api
