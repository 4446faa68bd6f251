#include "api/json_views.hpp"
#include "api/routes.hpp"
#include "app/rotation.hpp"
#include "app/values.hpp"

namespace ramet::api {

namespace {

Result<app::ScopeName::Level> parse_level(std::string_view word)
{
    using Level = app::ScopeName::Level;
    constexpr std::pair<std::string_view, Level> levels[] = {
        {"organization", Level::organization}, {"", Level::project},        {"project", Level::project},
        {"environment", Level::environment},   {"service", Level::service}, {"previews", Level::previews},
        {"preview", Level::preview},
    };
    for (const auto& [name, level] : levels)
        if (name == word) return level;
    return fail(ErrorKind::invalid,
                "the scope \"{}\" is none of organization, project, environment, service, previews, preview", word);
}

Result<app::ScopeName> scope_of(const Ask& ask)
{
    app::ScopeName scope;
    scope.level = TRY(parse_level(ask.query("scope")));
    scope.project = ask.query("project");
    scope.environment = ask.query("environment");
    scope.service = ask.query("service");
    return scope;
}

Result<Reply> list_variables(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    return reply_list("variables", app::list_variables(ask.app, ask.caller, scope));
}

Result<Reply> show_variable(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    return reply_versioned(app::get_variable(ask.app, ask.caller, scope, ask.path_value("key")));
}

Result<Reply> set_variable(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    const auto precondition = TRY(read_precondition(ask.request));
    if (!ask.body.is_object() || !ask.body.as_object().contains("value"))
        return fail(ErrorKind::invalid, "the body needs a `value`");
    return reply_done(app::set_variable(ask.app, ask.caller, scope, ask.path_value("key"),
                                        get_member(ask.body, "value"), precondition));
}

Result<Reply> set_variables(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    const auto& values = get_member(ask.body, "values");
    if (!values.is_object()) return fail(ErrorKind::invalid, "the body needs `values`, an object of names and values");
    std::map<std::string, Json> all;
    for (const auto& [key, value] : values.as_object()) all.emplace(key, value);
    const auto write = get_bool(ask.body, "dry_run") ? app::Write::no : app::Write::yes;
    TRY(app::set_variables(ask.app, ask.caller, scope, all, write));
    return Reply{.body = json::object{{"set", write == app::Write::yes ? all.size() : 0}}};
}

Result<Reply> unset_variable(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    const auto precondition = TRY(read_precondition(ask.request));
    return reply_done(app::unset_variable(ask.app, ask.caller, scope, ask.path_value("key"), precondition));
}

Result<Reply> effective(const Ask& ask)
{
    const app::EnvironmentName name{ask.query("project"), ask.query("environment")};
    const auto key = ask.query("explain");
    if (key.empty()) return reply_json(app::list_effective_variables(ask.app, ask.caller, name, ask.query("service")));
    return reply_json(app::explain_variable(ask.app, ask.caller, name, ask.query("service"), key));
}

Result<Reply> list_secrets(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    return reply_list("secrets", app::list_secrets(ask.app, ask.caller, scope));
}

Result<Reply> show_secret(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    const auto view = TRY(app::get_secret(ask.app, ask.caller, scope, ask.path_value("name")));
    return Reply{.body = to_json(view), .version = view.tag};
}

// The value is the raw body: it never passes through a JSON document that somebody may log.
Result<Reply> set_secret(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    const auto precondition = TRY(read_precondition(ask.request));
    const bool is_protected = ask.query("protected") == "true";
    const auto view = TRY(app::set_secret(ask.app, ask.caller, scope, ask.path_value("name"),
                                          SecretBytes(ask.request.body), is_protected, precondition));
    return Reply{.body = to_json(view)};
}

Result<Reply> remove_secret(const Ask& ask)
{
    const auto scope = TRY(scope_of(ask));
    const auto precondition = TRY(read_precondition(ask.request));
    return reply_done(app::remove_secret(ask.app, ask.caller, scope, ask.path_value("name"), precondition));
}

Result<Reply> rotate(const Ask& ask)
{
    const auto count = TRY(app::rotate_keys(ask.app, ask.caller));
    return Reply{.body = json::object{{"rewrapped", count}}};
}

}  // namespace

std::vector<Route> value_routes()
{
    using app::Role;
    return {
        {"GET", "/api/v1/variables", Policy::at_least(Role::viewer), list_variables},
        {"POST", "/api/v1/variables", Policy::at_least(Role::deployer), set_variables},
        {"GET", "/api/v1/variables/effective", Policy::at_least(Role::viewer), effective},
        {"GET", "/api/v1/variables/{key}", Policy::at_least(Role::viewer), show_variable},
        {"PUT", "/api/v1/variables/{key}", Policy::at_least(Role::deployer), set_variable},
        {"DELETE", "/api/v1/variables/{key}", Policy::at_least(Role::deployer), unset_variable},
        {"GET", "/api/v1/secrets", Policy::at_least(Role::viewer), list_secrets},
        {"GET", "/api/v1/secrets/{name}", Policy::at_least(Role::viewer), show_secret},
        {"PUT", "/api/v1/secrets/{name}", Policy::at_least(Role::secret_writer), set_secret, {}, false},
        {"DELETE", "/api/v1/secrets/{name}", Policy::at_least(Role::secret_writer), remove_secret},
        {"POST", "/api/v1/secrets/rotate", Policy::at_least(Role::admin), rotate},
    };
}

}  // namespace ramet::api
