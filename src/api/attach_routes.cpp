// WebSockets: a command beside a service, a connection to a service or a database. The words of both are net/joint.hpp's.
#include "api/attached_feed.hpp"
#include "api/problem.hpp"
#include "api/routes.hpp"
#include "app/access.hpp"
#include "app/attach.hpp"
#include "app/context.hpp"
#include "net/upgrade.hpp"
#include "net/url.hpp"

#include <fcntl.h>

#include <memory>

namespace ramet::api {

namespace {

constexpr std::string_view command_header = "Ramet-Command";

/// A page of somebody else's in a browser must not get here, whatever it knows. Programs send no Origin.
Result<void> check_origin(const Ask& ask)
{
    const auto origin = ask.request.headers.get("Origin");
    if (origin.empty() || origin == ask.app.settings.public_url) return {};
    const auto host = ask.request.headers.get("Host");
    for (const std::string_view scheme : {"http://", "https://"})
        if (!host.empty() && origin == std::string(scheme).append(host)) return {};
    return fail(ErrorKind::forbidden, "a page of {} may not open connections here", origin);
}

/// The command stands in a header, so that it never gets into a log of addresses.
Result<std::vector<std::string>> read_command(const net::Request& request)
{
    Error error{ErrorKind::invalid, fmt::format("{} must be a JSON list of texts, percent-encoded", command_header)};
    error.where = command_header;
    const auto text = net::decode_percent(request.headers.get(command_header));
    const auto list = text ? parse_json(*text) : Result<Json>(Json(nullptr));
    if (!list || !list->is_array() || list->as_array().empty()) return std::unexpected(error);
    std::vector<std::string> arguments;
    for (const auto& item : list->as_array()) {
        const auto* argument = item.if_string();
        if (argument == nullptr || std::string_view(*argument).contains('\0')) return std::unexpected(error);
        arguments.emplace_back(argument->data(), argument->size());
    }
    return arguments;
}

/// All is well but for the upgrade: clients ask this way whether they could.
Result<void> ask_to_upgrade(const net::Responder& responder)
{
    auto response = to_problem(
        {ErrorKind::invalid, "this address speaks WebSocket", {}, "ask with: Upgrade: websocket"}, Understood::no);
    response.status = 426;
    response.headers.set("Upgrade", "websocket");
    response.headers.set("Connection", "Upgrade");
    responder.send(std::move(response));
    return {};
}

void join(const Ask& ask, const net::Responder& responder, net::Joint joint)
{
    auto connection = responder.join(ask.request, std::move(joint));
    ask.pump.add(
        std::make_unique<AttachedFeed>(std::move(connection), [&app = ask.app, token = bearer_token(ask.request)] {
            return app::authenticate(app, token).has_value();
        }));
}

std::string describe_ending(const app::App& app, std::string_view said)
{
    const auto ending = app::read_ending(app, said);
    if (ending && ending->problem) return to_text(json::object{{"error", error_to_json(*ending->problem)}});
    if (ending)
        return to_text(json::object{
            {"exit_code", ending->exit_code}, {"ending", ending->text}, {"was_stopped", ending->was_stopped}});
    const Error error{
        ErrorKind::unavailable, "the command vanished: its processes were ended from outside", {}, "ramet why ENV"};
    return to_text(json::object{{"error", error_to_json(error)}});
}

Result<void> run_command(const Ask& ask, const net::Responder& responder)
{
    TRY(check_origin(ask));
    const auto name = TRY(environment_of(ask));
    const auto service = ask.path_value("service");
    if (!net::wants_web_socket(ask.request)) {
        TRY(app::check_command(ask.app, ask.caller, name, service));
        return ask_to_upgrade(responder);
    }
    auto arguments = TRY(read_command(ask.request));
    auto command = TRY(app::start_command(ask.app, ask.caller, name, {service, std::move(arguments)}));
    net::Joint joint;
    joint.sinks.push_back({net::channel::input, std::move(command.input)});
    joint.sources.push_back({net::channel::output, std::move(command.output), app::make_log_redactor(ask.app)});
    joint.sources.push_back({net::channel::error, std::move(command.error), app::make_log_redactor(ask.app)});
    joint.outcome = std::move(command.control);
    joint.describe_end = [&app = ask.app](std::string_view said) { return describe_ending(app, said); };
    join(ask, responder, std::move(joint));
    return {};
}

Result<void> forward(const Ask& ask, const net::Responder& responder, const app::Part& part)
{
    TRY(check_origin(ask));
    const auto name = TRY(environment_of(ask));
    if (!net::wants_web_socket(ask.request)) {
        TRY(app::check_connection(ask.app, ask.caller, name, part));
        return ask_to_upgrade(responder);
    }
    auto socket = TRY(app::open_connection(ask.app, ask.caller, name, part));
    Fd other(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!other) return fail(ErrorKind::unavailable, "no descriptor is left for a connection");
    net::Joint joint;
    joint.sinks.push_back({net::channel::input, std::move(socket)});
    joint.sources.push_back({net::channel::output, std::move(other), {}});
    joint.describe_end = [](std::string_view) { return std::string("{}"); };
    join(ask, responder, std::move(joint));
    return {};
}

Result<void> forward_service(const Ask& ask, const net::Responder& responder)
{
    return forward(ask, responder, {app::PartKind::service, ask.path_value("service")});
}

Result<void> forward_database(const Ask& ask, const net::Responder& responder)
{
    return forward(ask, responder, {app::PartKind::database, ask.path_value("database")});
}

}  // namespace

std::vector<Route> attach_routes()
{
    using app::Role;
    const std::string one = "/api/v1/environments/{name}";
    return {
        {"GET", one + "/services/{service}/exec", Policy::at_least(Role::deployer), {}, run_command},
        {"GET", one + "/services/{service}/port-forward", Policy::at_least(Role::deployer), {}, forward_service},
        {"GET", one + "/databases/{database}/port-forward", Policy::at_least(Role::deployer), {}, forward_database},
    };
}

}  // namespace ramet::api
