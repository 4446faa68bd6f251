#pragma once

#include "app/environments.hpp"
#include "forges/forge.hpp"

namespace ramet::app {

enum class Receipt : std::uint8_t { stored, duplicate };

/// Called by the webhook route with the raw body, before anything is parsed. Verifies, deduplicates, stores durably; what its hint
/// names is then added to the work queue.
/// Errors: not_found (no such connection), unauthenticated (signature), invalid (shape).
Result<Receipt> receive_delivery(App& app, const std::string& forge, const std::string& connection,
                                 forges::Delivery delivery);

/// Follows the hints of the deliveries that are only stored, as they were asked for again. Repeatable.
Result<void> follow_stored_deliveries(App& app);

struct DeliveryView {
    std::int64_t id = 0;
    std::string forge;
    std::string project;
    std::string event;
    std::string state;  ///< stored|processed|failed|ignored
    std::string reason{};
    Time received_at{};
};
Result<std::vector<DeliveryView>> list_deliveries(App& app, const Caller& caller, const std::string& project);
Result<void> redeliver(App& app, const Caller& caller, std::int64_t id);

}  // namespace ramet::app
