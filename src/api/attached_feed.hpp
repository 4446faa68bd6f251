#pragma once

#include "api/stream_pump.hpp"
#include "net/http_server.hpp"

#include <chrono>
#include <functional>

namespace ramet::api {

/// Watches over one WebSocket: closes it when its token ends. It has no data of its own to send.
class AttachedFeed final : public Feed {
public:
    AttachedFeed(net::JoinedConnection connection, std::function<bool()> may_go_on);
    State pump() override;

private:
    net::JoinedConnection connection_;
    std::function<bool()> may_go_on_;
    std::chrono::steady_clock::time_point last_checked_ = std::chrono::steady_clock::now();
};

}  // namespace ramet::api
