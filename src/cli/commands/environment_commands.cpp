#include "cli/browser.hpp"
#include "cli/progress.hpp"

#include "base/file.hpp"

#include <cstdlib>
#include <unistd.h>

namespace ramet::cli {

namespace {

const std::vector<Column> environment_columns{{"NAME", "name"},
                                              {"STATE", "state"},
                                              {"ORIGIN", "origin"},
                                              {"COMMIT", "commit", Column::Width::wide},
                                              {"BRANCH", "branch"},
                                              {"PROJECT", "project"},
                                              {"URLS", "urls"},
                                              {"RUN", "run", Column::Width::wide},
                                              {"EXPIRES", "expires_at", Column::Width::wide}};

const std::vector<Column> environment_fields{{"name", "name"},
                                             {"project", "project"},
                                             {"state", "state"},
                                             {"reason", "reason"},
                                             {"base", "base"},
                                             {"commit", "commit"},
                                             {"branch", "branch"},
                                             {"pull request", "pull_request"},
                                             {"urls", "urls"},
                                             {"services", "services"},
                                             {"databases", "databases"},
                                             {"expires", "expires_at"},
                                             {"run", "run"},
                                             {"changed by hand", "drift"},
                                             {"not enforced here", "not_enforced", Column::Width::wide}};

std::string path_of(const Session& session, const std::string& name, const std::string& rest = {}, Query query = {})
{
    query.emplace_back("project", session.project());
    return with_query("/api/v1/environments/" + segment(name) + rest, query);
}

Result<int> list(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(with_query("/api/v1/environments", {{"project", session.project()}})));
    session.print_list(get_member(reply, "environments"), environment_columns);
    return 0;
}

Result<int> show(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(path_of(session, arguments.get("NAME"))));
    session.print_object(reply, environment_fields);
    return 0;
}

Result<int> remove(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto name = arguments.get("NAME");
    const bool confirmed = TRY(session.confirm("End the environment " + name + " and everything in it?"));
    if (!confirmed) return 1;
    const auto reply = TRY(api->remove(path_of(session, name, "", {{"confirm", arguments.get("--confirm")}})));
    if (arguments.has("--no-wait")) return finish_run(session, arguments, reply);
    return follow_removal(session, name, get_string(reply, "run"));
}

Result<int> why(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(path_of(session, arguments.get("ENV"), "/why")));
    if (!session.is_for_people()) {
        session.print_object(reply, {});
        return 0;
    }
    std::string text = arguments.get("ENV") + " is " + get_string(reply, "state") + "\n";
    const auto reason = get_string(reply, "reason");
    if (!reason.empty()) text += reason + "\n";
    const auto step = get_string(reply, "blocking_step");
    if (!step.empty()) text += "blocking step: " + step + "\n";
    const auto& error = get_member(reply, "error");
    if (error.is_object()) {
        text += "error: " + get_string(error, "message") + "\n";
        const auto evidence = get_string(error, "evidence");
        if (!evidence.empty()) text += "evidence:\n" + evidence + (evidence.ends_with('\n') ? "" : "\n");
        if (!get_string(error, "next_step").empty()) text += "next: " + get_string(error, "next_step") + "\n";
    }
    for (const auto& next : get_member(reply, "next_steps").as_array()) text += "next: " + cell_text(next) + "\n";
    session.print(text);
    return 0;
}

Result<int> compare(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply =
        TRY(api->get(path_of(session, arguments.get("ENV"), "/diff", {{"with", arguments.get("OTHER")}})));
    if (session.is_for_people())
        session.print(get_string(reply, "text"));
    else
        session.print_object(reply, {});
    return 0;
}

Result<int> plan(Session& session, const Arguments& arguments)
{
    TRY(check_target(arguments));
    auto* api = TRY(session.api());
    json::object body{{"project", session.project()},
                      {"environment", arguments.get("ENV")},
                      {"branch", arguments.get("--branch")},
                      {"target_here", arguments.get("--target") == "here"}};
    if (arguments.has("--pr")) body["pull_request"] = TRY(arguments.number("--pr"));
    if (arguments.has("--file")) {
        const auto file = TRY(read_file(arguments.get("--file"), 1U << 20U));
        body["file"] = file;
    }
    const auto reply = TRY(api->post("/api/v1/plans", body));
    if (session.is_for_people())
        session.print(get_string(reply, "text"));
    else
        session.print_object(reply, {});
    const auto& refusals = get_member(reply, "refusals");
    if (refusals.is_array() && !refusals.as_array().empty()) return exit_code(ErrorKind::refused);
    return arguments.has("--exit-code") && get_bool(reply, "has_changes") ? 9 : 0;
}

Result<int> list_services(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(path_of(session, arguments.get("ENV"), "/services")));
    session.print_list(get_member(reply, "services"), {{"NAME", "name"},
                                                       {"STATE", "state"},
                                                       {"REPLICAS", "replicas"},
                                                       {"RESTARTS", "restarts"},
                                                       {"ADDRESS", "address"},
                                                       {"URLS", "urls"},
                                                       {"PIDS", "process_ids", Column::Width::wide}});
    return 0;
}

Result<int> restart(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto path =
        path_of(session, arguments.get("ENV"), "/services/" + segment(arguments.get("SERVICE")) + "/restart");
    const auto reply = TRY(api->post(path));
    return finish_run(session, arguments, reply);
}

Result<int> scale(Session& session, const Arguments& arguments)
{
    const auto replicas = TRY(arguments.number("REPLICAS"));
    auto* api = TRY(session.api());
    const auto path =
        path_of(session, arguments.get("ENV"), "/services/" + segment(arguments.get("SERVICE")) + "/scale");
    const json::object body{{"replicas", replicas}};
    const auto reply = TRY(api->post(path, body));
    return finish_run(session, arguments, reply);
}

Result<int> list_databases(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(path_of(session, arguments.get("ENV"), "/databases")));
    session.print_list(get_member(reply, "databases"), {{"NAME", "name"},
                                                        {"TYPE", "type"},
                                                        {"METHOD", "method"},
                                                        {"COPIED BYTES", "bytes_copied"},
                                                        {"AGE (s)", "age_seconds"},
                                                        {"ADDRESS", "address"}});
    return 0;
}

Result<std::string> only_database(ApiClient& api, const Session& session, const std::string& environment)
{
    const auto reply = TRY(api.get(path_of(session, environment, "/databases")));
    const auto& list = get_member(reply, "databases");
    if (!list.is_array() || list.as_array().empty())
        return fail(ErrorKind::not_found, "{} has no database", environment);
    if (list.as_array().size() == 1) return get_string(list.as_array().front(), "name");
    for (const auto& database : list.as_array())
        if (get_string(database, "type") == "postgres") return get_string(database, "name");
    return fail(ErrorKind::invalid, "{} has several databases: name one of {}", environment, cell_text(list));
}

Result<int> connect(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    auto database = arguments.get("DB");
    if (database.empty()) database = TRY(only_database(*api, session, arguments.get("ENV")));
    const auto reply =
        TRY(api->get(path_of(session, arguments.get("ENV"), "/databases/" + segment(database) + "/connection")));
    const auto url = get_string(reply, "url");
    if (arguments.has("--print")) {
        session.print(session.format() == Format::json ? to_text(reply) + "\n" : url + "\n");
        return 0;
    }
    // The password travels in the environment: arguments are seen by everybody on the machine.
    const bool is_redis = url.starts_with("redis:");
    if (is_redis)
        return fail(ErrorKind::invalid,
                    "redis-cli takes its address as an argument; use: ramet db connect {} {} --print",
                    arguments.get("ENV"), database);
    const auto at = url.rfind('@');
    const auto colon = url.find(':', url.find("//") + 2);
    ::setenv("PGPASSWORD", url.substr(colon + 1, at - colon - 1).c_str(), 1);
    const auto without = url.substr(0, colon) + url.substr(at);
    ::execlp("psql", "psql", without.c_str(), nullptr);
    return fail(ErrorKind::not_found, "the program psql is not installed (Debian: postgresql-client)");
}

Result<int> refresh(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    auto database = arguments.get("DB");
    if (database.empty()) database = TRY(only_database(*api, session, arguments.get("ENV")));
    const auto reply =
        TRY(api->post(path_of(session, arguments.get("ENV"), "/databases/" + segment(database) + "/refresh")));
    return finish_run(session, arguments, reply);
}

Result<int> logs(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto tail = std::to_string(TRY(arguments.number("--tail", 100)));
    const auto path =
        path_of(session, arguments.get("ENV"), "/logs",
                {{"of", arguments.get("WHAT")}, {"follow", arguments.has("--follow") ? "true" : ""}, {"tail", tail}});
    TRY(api->stream(path, [&](std::string_view chunk) {
        session.print(chunk);
        return net::Flow::keep;
    }));
    return 0;
}

/// The URL of the service, or of the only one that has one.
Result<std::string> url_of(const Json& environment, const std::string& service)
{
    const auto& urls = get_member(environment, "urls");
    const auto name = get_string(environment, "name");
    if (!urls.is_object() || urls.as_object().empty())
        return std::unexpected(Error{ErrorKind::not_found, name + " has no public service",
                                     "it is " + get_string(environment, "state"), "ramet why " + name});
    if (!service.empty() && urls.as_object().contains(service)) return get_string(urls, service);
    if (service.empty() && urls.as_object().size() == 1) return get_string(urls, urls.as_object().begin()->key());
    std::string all;
    for (const auto& [key, url] : urls.as_object())
        all += fmt::format("{}  {}\n", std::string_view(key), cell_text(url));
    if (service.empty())
        return std::unexpected(Error{ErrorKind::invalid, name + " has several public services: say which", all,
                                     fmt::format("ramet open {} SERVICE", name)});
    return std::unexpected(
        Error{ErrorKind::not_found, fmt::format("{} has no public service {}", name, service), all, {}});
}

Result<int> open(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto view = TRY(api->get(path_of(session, arguments.get("PREVIEW"))));
    const auto url = TRY(url_of(view, arguments.get("SERVICE")));
    session.print(session.format() == Format::json ? to_text(json::object{{"url", url}}) + "\n" : url + "\n");
    if (!session.is_for_people() || !has_browser()) return 0;
    if (const auto opened = open_browser(url); !opened)
        session.tell("no browser was opened: " + opened.error().message);
    return 0;
}

// A preview by hand of what the base runs now.
Result<int> clone(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto base = TRY(api->get(path_of(session, arguments.get("ENV"))));
    const json::object body{{"project", get_string(base, "project")},
                            {"base", get_string(base, "name")},
                            {"commit", get_string(base, "commit")},
                            {"branch", get_string(base, "commit").empty() ? get_string(base, "branch") : ""},
                            {"name", arguments.get("NAME")}};
    const auto view = TRY(api->post("/api/v1/previews", body));
    session.settle_project(get_string(view, "project"));
    if (arguments.has("--no-wait")) return finish_run(session, arguments, view);
    const int code = TRY(follow_environment(session, get_string(view, "name")));
    if (code == 130) return code;
    const auto settled = TRY(api->get(path_of(session, get_string(view, "name"))));
    session.print_object(settled, environment_fields);
    return code;
}

}  // namespace

Commands environment_commands()
{
    using Count = PositionalSpec::Count;
    const PositionalSpec env{"ENV", "name of an environment or a preview"};
    const PositionalSpec service{"SERVICE", "name of a service"};
    const PositionalSpec database{"DB", "name of a database; not needed when there is one", Count::optional};
    return {
        {"env list", "list all environments, bases and previews", {}, {}, list},
        {"env show", "show one environment", {{"NAME", "its name"}}, {}, show},
        {"env delete",
         "end a base and everything in it",
         {{"NAME", "its name"}},
         {{"--confirm", "NAME", "for a protected one: its name again"}, no_wait_option()},
         remove},
        {"env clone",
         "make a preview of what an environment runs now",
         {{"ENV", "name of a base"}, {"NAME", "of the preview"}},
         {no_wait_option()},
         clone},
        {"open",
         "print the URL of a service, and open it where there is a browser",
         {{"PREVIEW", "name of a preview or an environment"},
          {"SERVICE", "a public service; not needed when there is one", Count::optional}},
         {},
         open},
        {"why", "say what blocks an environment, with evidence and the next step", {env}, {}, why},
        {"diff",
         "show what differs between two environments",
         {env, {"OTHER", "the other one; its base when not given", Count::optional}},
         {},
         compare},
        {"plan",
         "show what would happen, before anything happens",
         {{"ENV", "a base", Count::optional}},
         {{"--pr", "N", "the preview of this pull request"},
          {"--branch", "B", "a preview by hand of this branch"},
          {"--file", "FILE", "a file that is not registered", "-f"},
          {"--target", "here", "as if put on this machine"},
          {"--exit-code", "", "exit with 9 when there are changes"}},
         plan},
        {"service list", "list the services of an environment", {env}, {}, list_services},
        {"service restart", "start a service anew, beside the old one", {env, service}, {no_wait_option()}, restart},
        {"service scale",
         "change the number of replicas",
         {env, service, {"REPLICAS", "how many"}},
         {no_wait_option()},
         scale},
        {"db list", "list the databases of an environment", {env}, {}, list_databases},
        {"db connect",
         "open psql on a database, or print its URL",
         {env, database},
         {{"--print", "", "print the URL with its password"}},
         connect},
        {"db refresh", "make a new golden copy of a base's database now", {env, database}, {no_wait_option()}, refresh},
        {"logs",
         "show logs of services, builds, jobs and databases",
         {env,
          {"WHAT", "SERVICE, build/SERVICE, job/NAME or database/NAME; all services when not given", Count::optional}},
         {{"--follow", "", "go on as lines are written", "-f"},
          {"--tail", "LINES", "how many lines of the past (100)"}},
         logs},
    };
}

}  // namespace ramet::cli
