#include "api/json_views.hpp"
#include "api/routes.hpp"
#include "app/previews.hpp"

namespace ramet::api {

namespace {

Result<Reply> list(const Ask& ask)
{
    const auto views = TRY(app::list_environments(ask.app, ask.caller, ask.query("project"), true));
    return Reply{.body = list_to_json("previews", views)};
}

Result<Reply> create(const Ask& ask)
{
    app::PreviewRequest request;
    request.project = get_string(ask.body, "project");
    request.base = get_string(ask.body, "base");
    request.branch = get_string(ask.body, "branch");
    request.commit = get_string(ask.body, "commit");
    request.name = get_string(ask.body, "name");
    if (request.branch.empty() && request.commit.empty())
        return fail(ErrorKind::invalid, "say what to preview: a branch or a commit");
    const auto view = TRY(app::create_preview(ask.app, ask.caller, request));
    return Reply{.status = 202, .body = to_json(view), .location = view.run.empty() ? "" : run_location(view.run)};
}

Result<Reply> show(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const auto view = TRY(app::get_environment(ask.app, ask.caller, name));
    if (view.environment.origin != EnvironmentOrigin::preview)
        return fail(ErrorKind::not_found, "{} is no preview; see: ramet env show {}", view.environment.name,
                    view.environment.name);
    return Reply{.body = to_json(view), .version = view.version};
}

Result<Reply> remove(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::delete_preview(ask.app, ask.caller, name));
}

Result<Reply> redeploy(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::redeploy_preview(ask.app, ask.caller, name));
}

Result<Reply> reset_data(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::reset_preview_data(ask.app, ask.caller, name, get_string(ask.body, "database")));
}

Result<Reply> roll_back(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_run(app::roll_back_preview(ask.app, ask.caller, name));
}

Result<Reply> extend(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const auto text = TRY(require_string(ask.body, "by"));
    const auto by = TRY(parse_duration(text));
    return reply_one(app::extend_preview(ask.app, ask.caller, name, by));
}

Result<Reply> pin(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    const bool pinned = get_bool(ask.body, "pinned", true);
    return reply_one(app::pin_preview(ask.app, ask.caller, name, pinned));
}

Result<Reply> receipt(const Ask& ask)
{
    const auto name = TRY(environment_of(ask));
    return reply_json(app::get_receipt(ask.app, ask.caller, name));
}

}  // namespace

std::vector<Route> preview_routes()
{
    using app::Role;
    const std::string one = "/api/v1/previews/{name}";
    return {
        {"GET", "/api/v1/previews", Policy::at_least(Role::viewer), list},
        {"POST", "/api/v1/previews", Policy::at_least(Role::deployer), create},
        {"GET", one, Policy::at_least(Role::viewer), show},
        {"DELETE", one, Policy::at_least(Role::deployer), remove},
        {"POST", one + "/redeploy", Policy::at_least(Role::deployer), redeploy},
        {"POST", one + "/reset-data", Policy::at_least(Role::deployer), reset_data},
        {"POST", one + "/rollback", Policy::at_least(Role::deployer), roll_back},
        {"POST", one + "/extend", Policy::at_least(Role::deployer), extend},
        {"POST", one + "/pin", Policy::at_least(Role::deployer), pin},
        {"GET", one + "/receipt", Policy::at_least(Role::viewer), receipt},
    };
}

}  // namespace ramet::api
