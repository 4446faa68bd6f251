#include "api/event_feed.hpp"
#include "api/log_feed.hpp"
#include "api/problem.hpp"
#include "api/routes.hpp"
#include "app/access.hpp"

namespace ramet::api {

namespace {

std::string token_of(const net::Request& request)
{
    const auto value = request.headers.get("authorization");
    const auto space = value.find(' ');
    return space == std::string_view::npos ? std::string() : std::string(value.substr(space + 1));
}

net::Response stream_head(std::string_view content_type)
{
    net::Response head;
    add_security_headers(head.headers);
    head.headers.set("Content-Type", content_type);
    head.headers.set("X-Accel-Buffering", "no");
    return head;
}

Result<std::int64_t> first_event(const Ask& ask)
{
    const auto header = ask.request.headers.get("last-event-id");
    if (header.empty()) return ask.query_number("after", 0);
    std::int64_t id = 0;
    for (const char c : header) {
        if (c < '0' || c > '9' || id > (1LL << 52)) return fail(ErrorKind::invalid, "Last-Event-ID must be a number");
        id = id * 10 + (c - '0');
    }
    return id;
}

Result<void> stream_events(const Ask& ask, const net::Responder& responder)
{
    const auto after = TRY(first_event(ask));
    auto writer = responder.stream(stream_head("text/event-stream"));
    ask.pump.add(std::make_unique<EventFeed>(ask.app, ask.caller, token_of(ask.request), ask.query("environment"),
                                             after, std::move(writer)));
    return {};
}

Result<void> stream_logs(const Ask& ask, const net::Responder& responder)
{
    const auto name = TRY(environment_of(ask));
    using Follow = targets::LogRequest::Follow;
    const auto lines = TRY(ask.query_number("tail", 100));
    const targets::LogRequest wanted{.tail_lines = static_cast<std::size_t>(lines),
                                     .follow = ask.query("follow") == "true" ? Follow::yes : Follow::no};
    LogFeed::Options options{
        .sources = TRY(app::find_logs(ask.app, ask.caller, name, ask.query("of"), wanted)),
        .make_redactor = [&app = ask.app] { return app::make_log_redactor(app); },
        .may_read = [&app = ask.app,
                     token = token_of(ask.request)] { return app::authenticate(app, token).has_value(); }};
    auto writer = responder.stream(stream_head("text/plain; charset=utf-8"));
    ask.pump.add(std::make_unique<LogFeed>(std::move(options), std::move(writer)));
    return {};
}

}  // namespace

std::vector<Route> stream_routes()
{
    using app::Role;
    return {
        {"GET", "/api/v1/events", Policy::at_least(Role::viewer), {}, stream_events},
        {"GET", "/api/v1/environments/{name}/logs", Policy::at_least(Role::viewer), {}, stream_logs},
    };
}

}  // namespace ramet::api
