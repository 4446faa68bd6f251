#pragma once

#include "api/stream_pump.hpp"
#include "app/maintenance.hpp"
#include "net/http_server.hpp"

namespace ramet::api {

/// Server-sent events after `after`: `id:` for Last-Event-ID, a heartbeat comment every 15 s, `event: reset` when older events
/// are gone and the client must read everything anew. Sends what the caller may see, and ends when the token is revoked.
class EventFeed final : public Feed {
public:
    EventFeed(app::App& app, app::Caller caller, std::string token, std::string environment, std::int64_t after,
              net::StreamWriter writer);
    State pump() override;

private:
    State send_page();
    bool send(const app::EventView& event);

    app::App& app_;
    app::Caller caller_;
    std::string token_;
    std::string environment_;
    std::int64_t after_;
    net::StreamWriter writer_;
    SystemClock clock_;
    Milliseconds last_sent_;
    Milliseconds last_checked_;
};

}  // namespace ramet::api
