#pragma once

#include "api/conditional.hpp"
#include "api/json_views.hpp"
#include "api/router.hpp"
#include "app/environments.hpp"

#include <vector>

namespace ramet::api {

// One table per area; `all_routes` puts them together. The contract is schema/openapi.yaml: a test compares the two.
std::vector<Route> project_routes();
std::vector<Route> environment_routes();
std::vector<Route> snapshot_routes();
std::vector<Route> preview_routes();
std::vector<Route> value_routes();
std::vector<Route> run_routes();
std::vector<Route> maintenance_routes();
std::vector<Route> access_routes();
std::vector<Route> webhook_routes();
std::vector<Route> stream_routes();
std::vector<Route> attach_routes();

std::vector<Route> all_routes();

/// The URL of a run, for Location.
std::string run_location(const std::string& run);
/// 202 with {run} and its Location; {run: ""} and 200 when nothing had to be done.
Reply accepted(const std::string& run);
/// The answer to a use case: its error, or its view as JSON.
template <typename View>
Result<Reply> reply_one(const Result<View>& view, int status = 200)
{
    if (!view) return std::unexpected(view.error());
    return Reply{.status = status, .body = to_json(*view)};
}

/// The same, with its version as ETag.
template <typename View>
Result<Reply> reply_versioned(const Result<View>& view)
{
    if (!view) return std::unexpected(view.error());
    return Reply{.body = to_json(*view), .version = view->version};
}

template <typename View>
Result<Reply> reply_list(std::string_view key, const Result<std::vector<View>>& views)
{
    if (!views) return std::unexpected(views.error());
    return Reply{.body = list_to_json(key, *views)};
}

Result<Reply> reply_run(const Result<std::string>& run);
Result<Reply> reply_json(Result<Json> body);
/// 204.
Result<Reply> reply_done(const Result<void>& done);

/// The environment that a path names, in the project of the query parameter, in the version that If-Match names.
Result<app::EnvironmentName> environment_of(const Ask& ask);

}  // namespace ramet::api
