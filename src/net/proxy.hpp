#pragma once

#include "base/result.hpp"
#include "net/listen.hpp"
#include "net/route_table.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace ramet::net {

/// What the proxy believes of the X-Forwarded-* and Forwarded fields that a request brings.
enum class ForwardedFields : bool {
    replace,  ///< nothing: clients come directly
    append,   ///< a load balancer of ours stands before the proxy
};

struct ProxyOptions {
    ListenAddress listen{.address = "127.0.0.1", .port = 0, .option = "--proxy-listen"};
    std::size_t threads = 2;
    ForwardedFields forwarded = ForwardedFields::replace;
    std::size_t header_limit = 64U << 10U;
    std::size_t connection_limit_per_thread = 8192;
    std::chrono::milliseconds connect_timeout{5'000};
    /// From the end of the request to the head of the response: 504 after that.
    std::chrono::milliseconds response_timeout{120'000};
    /// The longest silence of a response that has begun, of a tunnel, or of an event stream.
    std::chrono::milliseconds idle_timeout{3'600'000};
    /// The longest silence of a client while it sends a body, or takes a response.
    std::chrono::milliseconds client_timeout{60'000};
    /// From the first byte of a request to the end of its head.
    std::chrono::milliseconds head_timeout{10'000};
    /// How long a client's connection may wait for its next request.
    std::chrono::milliseconds keep_alive_timeout{75'000};
    /// How long a service's connection is kept for the next request: less than what common servers allow (5 s and
    /// more), so that it is seldom they who close it.
    std::chrono::milliseconds upstream_keep_alive_timeout{4'000};
    std::size_t idle_upstreams_per_service = 64;
    /// Called for each request of a counted route when its response ended, on the proxy's thread: it must be quick. The
    /// status is 499 when the client left before it had one.
    std::function<void(const Route&, int status, std::chrono::microseconds)> on_request{};
};

/// HTTP/1.1 in front of all previews: finds the service by the Host and passes requests and responses through, with
/// memory that does not depend on their size. Upgrades (WebSocket) are tunnelled. Its own answers are small pages:
/// 400 and 431 for what is malformed, 404 for an unknown host, 502 and 504 for a failing service, which they name.
/// Each thread has its own listening socket, connections and idle upstreams; nothing is shared but the routes.
class ReverseProxy {
public:
    /// `routes` outlives the proxy. A taken port is `conflict`.
    static Result<std::unique_ptr<ReverseProxy>> start(ProxyOptions options, const RouteTable& routes);
    ~ReverseProxy();

    /// The actual port, also when 0 was asked for.
    std::uint16_t port() const;
    /// Listens no more, lets running requests end for at most `patience`, then closes what is left.
    void stop(std::chrono::milliseconds patience = std::chrono::seconds(2));

private:
    struct Core;
    explicit ReverseProxy(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace ramet::net
