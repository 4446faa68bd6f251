#include "cli/session.hpp"

namespace ramet::cli {

namespace {

Result<int> login(Session& session, const Arguments& arguments)
{
    const auto token = TRY(read_secret("token"));
    // Asked before it is kept: a wrong token should be found now.
    net::CurlClient http;
    ApiClient api(http, arguments.get("URL"), token.clone());
    const auto who = TRY(api.get("/api/v1/tokens/self"));
    TRY(save_context({arguments.get("URL"), std::string(token.reveal())}));
    session.tell("signed in as " + get_string(who, "name") + " (" + get_string(who, "role") + "); kept in " +
                 context_path());
    return 0;
}

Result<int> create(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    json::object body{{"name", arguments.get("NAME")}, {"project", session.project()}};
    if (arguments.has("--role")) body["role"] = arguments.get("--role");
    if (arguments.has("--valid-for")) body["valid_for"] = arguments.get("--valid-for");
    const auto reply = TRY(api->post("/api/v1/tokens", body));
    if (session.is_for_people())
        session.print(get_string(reply, "token") + "\n");
    else
        session.print_object(reply, {});
    session.tell("this is shown once");
    return 0;
}

Result<int> list(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get("/api/v1/tokens"));
    session.print_list(get_member(reply, "tokens"), {{"ID", "id"},
                                                     {"NAME", "name"},
                                                     {"ROLE", "role"},
                                                     {"PROJECT", "project"},
                                                     {"EXPIRES", "expires_at"},
                                                     {"LAST USED", "last_used_at"}});
    return 0;
}

Result<int> revoke(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    TRY(api->remove("/api/v1/tokens/" + segment(arguments.get("ID"))));
    return 0;
}

}  // namespace

Commands access_commands()
{
    return {
        {"login",
         "keep a server's address and a token for later commands",
         {{"URL", "address of the server"}},
         {},
         login,
         "the token"},
        {"token create",
         "make a token; it is shown once",
         {{"NAME", "what it is for"}},
         {{"--role", "ROLE", "viewer, deployer, secret-writer, approver or admin (deployer)"},
          {"--valid-for", "DURATION", "30d"}},
         create},
        {"token list", "list the tokens", {}, {}, list},
        {"token revoke", "end a token at once", {{"ID", "its id"}}, {}, revoke},
    };
}

}  // namespace ramet::cli
