#include "api/json_views.hpp"
#include "api/routes.hpp"

namespace ramet::api {

namespace {

Result<Reply> list(const Ask& ask)
{
    return reply_list("tokens", app::list_tokens(ask.app, ask.caller));
}

Result<app::Role> parse_role(std::string_view word)
{
    using enum app::Role;
    for (const auto role : {viewer, deployer, secret_writer, approver, admin})
        if (to_string(role) == word) return role;
    return fail(ErrorKind::invalid, "the role \"{}\" is none of viewer, deployer, secret-writer, approver, admin",
                word);
}

Result<Reply> create(const Ask& ask)
{
    app::NewToken token;
    token.name = TRY(require_string(ask.body, "name"));
    token.role = TRY(parse_role(get_string(ask.body, "role", "deployer")));
    token.project = get_string(ask.body, "project");
    const auto valid_for = get_string(ask.body, "valid_for");
    if (!valid_for.empty()) token.valid_for = TRY(parse_duration(valid_for));
    const auto text = TRY(app::create_token(ask.app, ask.caller, token));
    return Reply{.status = 201, .body = json::object{{"name", token.name}, {"token", text.reveal()}}};
}

Result<Reply> revoke(const Ask& ask)
{
    return reply_done(app::revoke_token(ask.app, ask.caller, ask.path_value("id")));
}

Result<Reply> who(const Ask& ask)
{
    return Reply{.body = json::object{
                     {"name", ask.caller.name}, {"role", to_string(ask.caller.role)}, {"project", ask.caller.project}}};
}

}  // namespace

std::vector<Route> access_routes()
{
    using app::Role;
    return {
        {"GET", "/api/v1/tokens", Policy::at_least(Role::admin), list},
        {.method = "POST",
         .pattern = "/api/v1/tokens",
         .policy = Policy::at_least(Role::admin),
         .handle = create,
         .repetition = Repetition::gets_no_secret},
        {"GET", "/api/v1/tokens/self", Policy::at_least(Role::viewer), who},
        {"DELETE", "/api/v1/tokens/{id}", Policy::at_least(Role::admin), revoke},
    };
}

}  // namespace ramet::api
