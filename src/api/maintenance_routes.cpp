#include "api/json_views.hpp"
#include "api/openapi.hpp"
#include "api/routes.hpp"
#include "app/maintenance.hpp"
#include "app/metrics.hpp"

#include <charconv>

namespace ramet::api {

namespace {

Result<Reply> health(const Ask&)
{
    return Reply{.body = json::object{{"status", "ok"}}};
}

Result<Reply> contract(const Ask&)
{
    static const auto document = parse_json(openapi_document());
    return reply_json(document);
}

Result<Reply> metrics(const Ask& ask)
{
    auto text = TRY(app::read_metrics(ask.app, ask.caller));
    return Reply{.text = std::move(text), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

Result<Reply> doctor(const Ask& ask)
{
    return reply_list("checks", app::examine(ask.app, ask.caller));
}

Result<Reply> sweep(const Ask& ask)
{
    const bool dry_run = get_bool(ask.body, "dry_run");
    const bool confirmed = get_bool(ask.body, "confirmed");
    return reply_one(app::sweep(ask.app, ask.caller, dry_run, confirmed));
}

Result<Reply> back_up(const Ask& ask)
{
    auto archive = TRY(app::back_up(ask.app, ask.caller));
    return Reply{.text = std::move(archive), .content_type = "application/x-tar"};
}

Result<Reply> audit(const Ask& ask)
{
    const auto after = TRY(ask.query_number("after", 0));
    const auto limit = TRY(ask.query_number("limit", 100));
    const auto entries =
        TRY(app::list_audit(ask.app, ask.caller, after, static_cast<int>(std::min<std::int64_t>(limit, 1000))));
    return Reply{.body = list_to_json("entries", entries)};
}

Result<Reply> verify(const Ask& ask)
{
    const auto count = TRY(app::verify_audit(ask.app, ask.caller));
    return Reply{.body = json::object{{"verified", count}}};
}

Result<Reply> deliveries(const Ask& ask)
{
    return reply_list("deliveries", app::list_deliveries(ask.app, ask.caller, ask.query("project")));
}

Result<Reply> redeliver(const Ask& ask)
{
    std::int64_t id = 0;
    const auto text = ask.path_value("id");
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (problem != std::errc() || rest != text.data() + text.size())
        return fail(ErrorKind::not_found, "there is no delivery {}", text);
    TRY(app::redeliver(ask.app, ask.caller, id));
    return Reply{.status = 202, .body = json::object{{"id", id}}};
}

}  // namespace

std::vector<Route> maintenance_routes()
{
    using app::Role;
    return {
        {"GET", "/healthz", Policy::open(), health},
        {"GET", "/readyz", Policy::open(), health},
        // Services of previews reach this address on the same machine: being on loopback proves nothing.
        {"GET", "/metrics", Policy::at_least(Role::viewer), metrics},
        {"GET", "/openapi.json", Policy::open(), contract},
        {"GET", "/api/v1/doctor", Policy::at_least(Role::admin), doctor},
        {"POST", "/api/v1/sweeps", Policy::at_least(Role::admin), sweep},
        {"GET", "/api/v1/backup", Policy::at_least(Role::admin), back_up},
        {"GET", "/api/v1/audit", Policy::at_least(Role::admin), audit},
        {.method = "POST",
         .pattern = "/api/v1/audit/verify",
         .policy = Policy::at_least(Role::admin),
         .handle = verify,
         .repetition = Repetition::does_no_harm},
        {"GET", "/api/v1/deliveries", Policy::at_least(Role::viewer), deliveries},
        {"POST", "/api/v1/deliveries/{id}/redeliver", Policy::at_least(Role::deployer), redeliver},
    };
}

}  // namespace ramet::api
