#pragma once
// For the tests of the proxy.

#include "net/proxy.hpp"
#include "net/test_peer.hpp"

#include <fmt/core.h>

namespace ramet::net::testing {

constexpr std::string_view ok_response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A proxy on a free port with a table of its own.
struct ProxyFixture {
    explicit ProxyFixture(ProxyOptions options = {})
    {
        auto started = ReverseProxy::start(std::move(options), routes);
        REQUIRE(started);
        proxy = std::move(*started);
    }

    void route(std::string_view host, std::uint16_t port)
    {
        REQUIRE(routes.set(host, {.to = Upstream{.port = port}, .service = "web", .environment = "pr-1"}));
    }
    RawPeer connect() const { return RawPeer::connect(proxy->port()); }

    RouteTable routes;
    std::unique_ptr<ReverseProxy> proxy;
};

inline std::string peer_get(RawPeer& peer, std::string_view host, std::string_view path = "/")
{
    peer.send(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path, host));
    return peer.read_message();
}

/// A port on which nobody listens.
inline std::uint16_t unused_port()
{
    const RawServer server([](RawPeer&) {});
    return server.port();
}

}  // namespace ramet::net::testing
