#include "cli/session.hpp"
#include "cli/standard_streams.hpp"

#include "net/url.hpp"
#include "net/web_socket_client.hpp"

#include <csignal>
#include <iostream>
#include <unistd.h>

namespace ramet::cli {

namespace {

constexpr int interrupted_code = 130;
/// Beneath what a server takes of a request's head.
constexpr std::size_t command_limit = 48U << 10U;

/// The connection ends with this program, and the server ends what was behind it.
void end_on_interrupt()
{
    std::signal(SIGINT, [](int) { ::_exit(interrupted_code); });
}

std::string path_of(const Session& session, const std::string& environment, const std::string& rest)
{
    return with_query("/api/v1/environments/" + segment(environment) + rest, {{"project", session.project()}});
}

Result<std::string> encode_command(const std::vector<std::string>& words)
{
    const json::array list(words.begin(), words.end());
    auto text = net::encode_percent(to_text(list));
    if (text.size() <= command_limit) return text;
    return std::unexpected(Error{ErrorKind::invalid, "the command is too long",
                                 fmt::format("{} bytes, where {} are taken", text.size(), command_limit),
                                 "give a script by standard input: ramet exec ENV SERVICE -- sh < FILE"});
}

/// What the server said last: how the command ended.
Result<int> exit_code_of(Session& session, const net::JointEnd& end)
{
    const auto said = parse_json(end.last_word);
    if (!said)
        return std::unexpected(Error{ErrorKind::unavailable,
                                     "the connection to the server was lost: " + end.reason,
                                     {},
                                     "the command was ended with it: run it again"});
    const auto& error = get_member(*said, "error");
    if (error.is_object())
        return std::unexpected(Error{parse_error_kind(get_string(error, "kind")), get_string(error, "message"),
                                     get_string(error, "evidence"), get_string(error, "next_step")});
    if (get_bool(*said, "was_stopped")) session.tell("the service was stopped, and the command with it");
    return static_cast<int>(get_int(*said, "exit_code"));
}

Result<int> exec(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    auto request = api->web_socket(
        path_of(session, arguments.get("ENV"), "/services/" + segment(arguments.get("SERVICE")) + "/exec"));
    const auto command = TRY(encode_command(arguments.all("COMMAND")));
    request.headers.set("Ramet-Command", command);
    const bool passes = arguments.has("--stdin") || ::isatty(STDIN_FILENO) == 0;
    auto streams = TRY(StandardStreams::start(passes ? PassInput::yes : PassInput::no));
    end_on_interrupt();
    const auto outcome = net::join_web_socket(request, streams->take_joint());
    streams->finish();
    if (!outcome) return std::unexpected(outcome.error());
    if (outcome->status != 101) return std::unexpected(read_problem(outcome->status, outcome->body));
    return exit_code_of(session, outcome->end);
}

/// The address of a service or a database, after it was asked whether it can be reached. "service/NAME" and "database/NAME" say
/// which is meant, where both have one name.
Result<std::string> find_part(ApiClient& api, const Session& session, const std::string& environment,
                              const std::string& what)
{
    const auto slash = what.find('/');
    const auto kind = slash == std::string::npos ? std::string() : what.substr(0, slash);
    const auto name = slash == std::string::npos ? what : what.substr(slash + 1);
    const auto service = path_of(session, environment, "/services/" + segment(name) + "/port-forward");
    const auto database = path_of(session, environment, "/databases/" + segment(name) + "/port-forward");
    if (kind == "database") {
        TRY(api.check_web_socket(database));
        return database;
    }
    const auto is_service = api.check_web_socket(service);
    if (is_service) return service;
    if (kind == "service" || is_service.error().kind != ErrorKind::not_found)
        return std::unexpected(is_service.error());
    const auto is_database = api.check_web_socket(database);
    if (is_database) return database;
    return std::unexpected(is_database.error().kind == ErrorKind::not_found ? is_service.error() : is_database.error());
}

/// Said where it happens: the port stays open for the next connection.
void tell_failure(const Result<net::WebSocketOutcome>& outcome)
{
    if (outcome && outcome->status == 101) return;
    const auto error = outcome ? read_problem(outcome->status, outcome->body) : outcome.error();
    std::cerr << "error: " << error.message << "\n"
              << (error.next_step.empty() ? "" : "next: " + error.next_step + "\n");
}

Result<std::uint16_t> local_port_of(const Arguments& arguments)
{
    const auto port = TRY(arguments.number("LOCAL_PORT", 0));
    if (port > 65'535) return fail(ErrorKind::invalid, "{} is no port: they end at 65535", port);
    return static_cast<std::uint16_t>(port);
}

Result<int> forward(Session& session, const Arguments& arguments)
{
    const auto environment = arguments.get("ENV");
    const auto what = arguments.get("WHAT");
    net::PortForwardOptions options;
    options.listen.port = TRY(local_port_of(arguments));
    auto* api = TRY(session.api());
    const auto path = TRY(find_part(*api, session, environment, what));
    options.request = api->web_socket(path);
    options.on_end = tell_failure;
    const auto forwarding = net::PortForward::start(std::move(options));
    if (!forwarding) {
        auto error = forwarding.error();
        error.next_step = fmt::format("ramet port-forward {} {}    takes any free port", environment, what);
        return std::unexpected(std::move(error));
    }
    const auto port = (*forwarding)->port();
    const json::object told{{"host", "127.0.0.1"}, {"port", port}, {"environment", environment}, {"to", what}};
    session.print(session.format() == Format::json ? to_text(told) + "\n"
                                                   : fmt::format("127.0.0.1:{} → {}/{}\n", port, environment, what));
    end_on_interrupt();
    for (;;) ::pause();
}

}  // namespace

Commands attach_commands()
{
    using Count = PositionalSpec::Count;
    return {
        {.path = "exec",
         .summary = "run a command beside a service, with what the service has",
         .positionals = {{"ENV", "name of a preview or an environment"},
                         {"SERVICE", "a service that runs there"},
                         {"COMMAND", "a program and its arguments; its options are its own", Count::rest}},
         .options = {{"--stdin", "", "pass standard input on, also when it is a terminal", "-i"}},
         .run = exec,
         .example = "ramet exec pr-42 api -- python3 manage.py check\n"
                    "ramet exec pr-42 api -- sh -c 'psql \"$DATABASE_URL\"' < fix.sql"},
        {.path = "port-forward",
         .summary = "open a port of this machine to a service or a database, until Ctrl-C",
         .positionals = {{"ENV", "name of a preview or an environment"},
                         {"WHAT", "a service or a database; service/NAME or database/NAME where both are called so"},
                         {"LOCAL_PORT", "any free one when not given", Count::optional}},
         .run = forward,
         .example = "ramet port-forward pr-42 db 5433"},
    };
}

}  // namespace ramet::cli
