#include "cli/progress.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

namespace ramet::cli {

namespace {

Result<int> follow_started(Session& session, const Arguments& arguments, const Json& started)
{
    for (const auto& note : get_member(started, "notes").as_array()) session.tell("note: " + cell_text(note));
    session.settle_project(get_string(started, "project"));
    int worst = 0;
    for (const auto& item : get_member(started, "environments").as_array()) {
        if (arguments.has("--no-wait") || get_string(item, "state") == "registered") continue;
        const int code = TRY(follow_environment(session, get_string(item, "environment")));
        worst = std::max(worst, code);
    }
    session.print_object(started, {{"project", "project"}, {"environments", "environments"}});
    return worst;
}

// A path is told to the server whole: it does not share our working directory.
std::string repository_of(const Arguments& arguments)
{
    const auto given = arguments.get("--repo");
    if (given.empty() || given.find("://") != std::string::npos || given.find('@') != std::string::npos) return given;
    return std::filesystem::absolute(given).lexically_normal().string();
}

Result<int> apply(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto file = arguments.has("--file") ? arguments.get("--file") : std::string("ramet.yaml");
    const auto text = TRY(read_file(file, 1U << 20U));
    TRY(check_target(arguments));
    json::array environments;
    for (const auto& name : arguments.all("--env")) environments.emplace_back(name);
    const json::object body{{"file", text},
                            {"file_name", file},
                            {"repository", repository_of(arguments)},
                            {"target_here", arguments.has("--target")},
                            {"environments", environments}};
    const auto started = TRY(api->post("/api/v1/projects/apply", body));
    return follow_started(session, arguments, started);
}

Result<int> connect(Session& session, const Arguments& arguments)
{
    TRY(check_target(arguments));
    for (const std::string_view needed : {"--url", "--repo"})
        if (!arguments.has(needed))
            return fail(ErrorKind::invalid, "{} is missing: ramet git connect FORGE --url URL --repo OWNER/NAME < FILE",
                        needed);
    auto* api = TRY(session.api());
    const auto token = TRY(read_secret("token of the Git host"));
    const json::object body{{"forge", arguments.get("FORGE")},
                            {"url", arguments.get("--url")},
                            {"repository", arguments.get("--repo")},
                            {"token", token.reveal()},
                            {"target_here", arguments.get("--target") == "here"}};
    const auto started = TRY(api->post("/api/v1/projects/connect", body));
    return follow_started(session, arguments, started);
}

Result<int> list(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get("/api/v1/projects"));
    session.print_list(get_member(reply, "projects"), {{"NAME", "name"},
                                                       {"REPOSITORY", "repository"},
                                                       {"FORGE", "forge"},
                                                       {"BRANCH", "trusted_branch"},
                                                       {"ENVIRONMENTS", "environments"},
                                                       {"WEBHOOK", "webhook", Column::Width::wide}});
    return 0;
}

Result<int> show(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto view = TRY(api->get("/api/v1/projects/" + segment(arguments.get("NAME"))));
    session.print_object(view, {{"name", "name"},
                                {"repository", "repository"},
                                {"forge", "forge"},
                                {"at", "forge_url"},
                                {"trusted branch", "trusted_branch"},
                                {"its commit", "trusted_commit"},
                                {"webhook", "webhook"},
                                {"environments", "environments"}});
    return 0;
}

Result<int> remove(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const bool confirmed = TRY(session.confirm("Forget the project " + arguments.get("NAME") + "?"));
    if (!confirmed) return 1;
    TRY(api->remove("/api/v1/projects/" + segment(arguments.get("NAME"))));
    return 0;
}

Result<int> deliveries(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(with_query("/api/v1/deliveries", {{"project", session.project()}})));
    session.print_list(get_member(reply, "deliveries"), {{"ID", "id"},
                                                         {"RECEIVED", "received_at"},
                                                         {"FORGE", "forge"},
                                                         {"PROJECT", "project"},
                                                         {"EVENT", "event"},
                                                         {"STATE", "state"},
                                                         {"REASON", "reason"}});
    return 0;
}

Result<int> redeliver(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    TRY(api->post("/api/v1/deliveries/" + segment(arguments.get("ID")) + "/redeliver"));
    return 0;
}

const OptionSpec no_wait{"--no-wait", "", "do not wait until the environments are up"};
const OptionSpec target{"--target", "here", "put an unchanged file on this machine"};

}  // namespace

Commands project_commands()
{
    return {
        {"apply",
         "register a project and bring its environments up",
         {},
         {{"--file", "FILE", "the project file (ramet.yaml)", "-f"},
          {"--repo", "URL_OR_PATH", "where its commits are fetched from"},
          {"--env", "ENV", "only this environment; may be repeated"},
          target,
          no_wait},
         apply},
        {"git connect",
         "register a project from its Git host",
         {{"FORGE", "gitea or github"}},
         {{"--url", "URL", "address of the Git host"}, {"--repo", "OWNER/NAME", "the repository"}, target, no_wait},
         connect,
         "the Git host's token"},
        {"git deliveries", "list webhook deliveries", {}, {}, deliveries},
        {"git redeliver", "work on a delivery again", {{"ID", "number of the delivery"}}, {}, redeliver},
        {"project list", "list the projects", {}, {}, list},
        {"project show", "show one project", {{"NAME", "its name"}}, {}, show},
        {"project delete", "forget a project that has no environments", {{"NAME", "its name"}}, {}, remove},
    };
}

}  // namespace ramet::cli
