#include "api/routes.hpp"
#include "app/context.hpp"
#include "app/deliveries.hpp"
#include "base/text.hpp"

namespace ramet::api {

namespace {

// A stranger may write any name into the path: only those that exist become labels.
std::string_view known_forge(std::string_view forge)
{
    for (const std::string_view known : {"gitea", "github"})
        if (forge == known) return known;
    return "other";
}

std::string_view result_of(const Result<app::Receipt>& receipt)
{
    if (!receipt) return to_string(receipt.error().kind);
    return *receipt == app::Receipt::duplicate ? "duplicate" : "stored";
}

/// The body was capped by the server; here it is verified before anything in it is read, stored, and answered. The work follows.
Result<Reply> receive_webhook(const Ask& ask)
{
    forges::Delivery delivery;
    for (const auto& field : ask.request.headers) delivery.headers[to_lower(field.name)] = field.value;
    delivery.body = ask.request.body;
    const auto forge = ask.path_value("forge");
    const auto received = app::receive_delivery(ask.app, forge, ask.path_value("connection"), std::move(delivery));
    ask.app.metrics->count_delivery(known_forge(forge), result_of(received));
    const auto receipt = TRY(received);
    if (receipt == app::Receipt::duplicate) return Reply{.body = json::object{{"status", "duplicate"}}};
    return Reply{.status = 202, .body = json::object{{"status", "stored"}}};
}

}  // namespace

std::vector<Route> webhook_routes()
{
    return {{"POST", "/hooks/{forge}/{connection}", Policy::open(), receive_webhook, {}, false}};
}

}  // namespace ramet::api
