#include "api/json_views.hpp"
#include "api/routes.hpp"

namespace ramet::api {

namespace {

Result<app::SnapshotName> snapshot_of(const Ask& ask)
{
    auto environment = TRY(environment_of(ask));
    return app::SnapshotName{std::move(environment), ask.path_value("database"), ask.path_value("snapshot")};
}

Result<Reply> list(const Ask& ask)
{
    const auto name = TRY(snapshot_of(ask));
    return reply_list("snapshots", app::list_snapshots(ask.app, ask.caller, name));
}

Result<Reply> make(const Ask& ask)
{
    auto name = TRY(snapshot_of(ask));
    name.snapshot = get_string(ask.body, "name");
    const auto started = TRY(app::make_snapshot(ask.app, ask.caller, name));
    return Reply{.status = 202, .body = to_json(started), .location = run_location(started.run)};
}

Result<Reply> remove(const Ask& ask)
{
    const auto name = TRY(snapshot_of(ask));
    return reply_run(app::remove_snapshot(ask.app, ask.caller, name));
}

Result<Reply> restore(const Ask& ask)
{
    const auto name = TRY(snapshot_of(ask));
    return reply_run(app::restore_snapshot(ask.app, ask.caller, name));
}

}  // namespace

std::vector<Route> snapshot_routes()
{
    using app::Role;
    const std::string all = "/api/v1/environments/{name}/databases/{database}/snapshots";
    return {
        {"GET", all, Policy::at_least(Role::viewer), list},
        {"POST", all, Policy::at_least(Role::deployer), make},
        {"DELETE", all + "/{snapshot}", Policy::at_least(Role::deployer), remove},
        {"POST", all + "/{snapshot}/restore", Policy::at_least(Role::deployer), restore},
    };
}

}  // namespace ramet::api
