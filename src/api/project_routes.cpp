#include "api/json_views.hpp"
#include "api/routes.hpp"
#include "app/projects.hpp"

namespace ramet::api {

namespace {

Result<std::vector<std::string>> read_words(const Json& body, std::string_view key)
{
    std::vector<std::string> words;
    const auto& list = get_member(body, key);
    if (list.is_null()) return words;
    if (!list.is_array()) return fail(ErrorKind::invalid, "{} must be a list of names", key);
    for (const auto& word : list.as_array()) {
        if (!word.is_string()) return fail(ErrorKind::invalid, "{} must be a list of names", key);
        words.emplace_back(word.as_string());
    }
    return words;
}

Result<Reply> list(const Ask& ask)
{
    return reply_list("projects", app::list_projects(ask.app, ask.caller));
}

Result<Reply> show(const Ask& ask)
{
    return reply_versioned(app::get_project(ask.app, ask.caller, ask.path_value("name")));
}

Result<Reply> apply(const Ask& ask)
{
    app::ApplyRequest request;
    request.file_text = TRY(require_string(ask.body, "file"));
    request.file_name = get_string(ask.body, "file_name", "ramet.yaml");
    request.repository = get_string(ask.body, "repository");
    request.target_here = get_bool(ask.body, "target_here");
    request.environments = TRY(read_words(ask.body, "environments"));
    return reply_one(app::apply_project(ask.app, ask.caller, request), 202);
}

Result<Reply> connect(const Ask& ask)
{
    app::ConnectRequest request;
    request.forge = TRY(require_string(ask.body, "forge"));
    request.url = TRY(require_string(ask.body, "url"));
    request.repository = TRY(require_string(ask.body, "repository"));
    const auto token = TRY(require_string(ask.body, "token"));
    request.token = SecretBytes(token);
    request.target_here = get_bool(ask.body, "target_here");
    return reply_one(app::connect_repository(ask.app, ask.caller, std::move(request)), 202);
}

Result<Reply> remove(const Ask& ask)
{
    const auto precondition = TRY(read_precondition(ask.request));
    return reply_done(app::remove_project(ask.app, ask.caller, ask.path_value("name"), precondition));
}

}  // namespace

std::vector<Route> project_routes()
{
    using app::Role;
    return {
        {"GET", "/api/v1/projects", Policy::at_least(Role::viewer), list},
        {"POST", "/api/v1/projects/apply", Policy::at_least(Role::admin), apply},
        {"POST", "/api/v1/projects/connect", Policy::at_least(Role::admin), connect},
        {"GET", "/api/v1/projects/{name}", Policy::at_least(Role::viewer), show},
        {"DELETE", "/api/v1/projects/{name}", Policy::at_least(Role::admin), remove},
    };
}

}  // namespace ramet::api
