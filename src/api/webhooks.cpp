#include "api/routes.hpp"
#include "app/deliveries.hpp"
#include "base/text.hpp"

namespace ramet::api {

namespace {

/// The body was capped by the server; here it is verified before anything in it is read, stored, and answered. The work follows.
Result<Reply> receive_webhook(const Ask& ask)
{
    forges::Delivery delivery;
    for (const auto& field : ask.request.headers) delivery.headers[to_lower(field.name)] = field.value;
    delivery.body = ask.request.body;
    const auto receipt =
        TRY(app::receive_delivery(ask.app, ask.path_value("forge"), ask.path_value("connection"), std::move(delivery)));
    if (receipt == app::Receipt::duplicate) return Reply{.body = json::object{{"status", "duplicate"}}};
    return Reply{.status = 202, .body = json::object{{"status", "stored"}}};
}

}  // namespace

std::vector<Route> webhook_routes()
{
    return {{"POST", "/hooks/{forge}/{connection}", Policy::open(), receive_webhook, {}, false}};
}

}  // namespace ramet::api
