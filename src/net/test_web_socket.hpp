#pragma once
// For the tests of WebSockets.

#include "net/test_peer.hpp"
#include "net/test_server.hpp"
#include "net/upgrade.hpp"
#include "net/web_socket_client.hpp"

#include <fcntl.h>

#include <future>
#include <memory>
#include <utility>

namespace ramet::net::testing {

struct Pair {
    Fd near;
    Fd far;
};

inline Pair make_pair_of_sockets()
{
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

/// `near` is read, `far` is written.
inline Pair make_pipe()
{
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

inline Fd copy_of(const Fd& fd)
{
    return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

/// One socket, both ways: what a forwarded port is joined with.
inline Joint joint_of_connection(Fd socket, std::uint8_t in, std::uint8_t out)
{
    Joint joint;
    joint.sinks.push_back({.channel = in, .fd = copy_of(socket)});
    joint.sources.push_back({.channel = out, .fd = std::move(socket)});
    return joint;
}

inline Joint server_joint(Fd socket)
{
    auto joint = joint_of_connection(std::move(socket), channel::input, channel::output);
    joint.describe_end = [](std::string_view) { return std::string("{}"); };
    return joint;
}

inline Joint client_joint(Fd socket)
{
    return joint_of_connection(std::move(socket), channel::output, channel::input);
}

/// A server that joins each WebSocket with one end of a pair of sockets; the tests have the other.
struct JoiningServer {
    std::promise<JoinedConnection> joined;
    Pair service = make_pair_of_sockets();
    std::unique_ptr<HttpServer> server;

    explicit JoiningServer(ServerOptions options = {})
    {
        server = serve(std::move(options), [this](const Request& request, const Responder& responder) {
            if (!wants_web_socket(request)) return responder.send({.status = 426, .body = "upgrade"});
            joined.set_value(responder.join(request, server_joint(std::move(service.near))));
        });
    }
    WebSocketRequest request(const std::string& path = "/join") const
    {
        return {.url = fmt::format("http://127.0.0.1:{}{}", server->port(), path)};
    }
};

/// A client on a thread of its own, with its end of a pair of sockets.
struct Client {
    Pair local = make_pair_of_sockets();
    std::future<Result<WebSocketOutcome>> outcome;
    RawPeer peer;

    explicit Client(const WebSocketRequest& request)
        : outcome(std::async(std::launch::async,
                             [request, near = std::make_shared<Fd>(std::move(local.near))] {
                                 return join_web_socket(request, client_joint(std::move(*near)));
                             })),
          peer(std::move(local.far))
    {
    }
    WebSocketOutcome wait()
    {
        REQUIRE(outcome.wait_for(deadline) == std::future_status::ready);
        auto result = outcome.get();
        REQUIRE(result);
        return std::move(*result);
    }
};

template <typename Condition>
bool eventually(const Condition& condition)
{
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

/// An upgrade request as it goes over the wire, for peers that then misbehave.
inline std::string upgrade_text(std::string_view more = {})
{
    return fmt::format("GET /join HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
                       more);
}

/// A masked binary frame (mask 0, so that the bytes stay as they are).
inline std::string frame(std::string_view content)
{
    std::string text("\x82", 1);
    if (content.size() < 126) {
        text += static_cast<char>(0x80U | content.size());
    } else {
        text += static_cast<char>(0x80U | 127U);
        for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>((content.size() >> shift) & 0xFFU);
    }
    return text.append(4, '\0').append(content);
}

}  // namespace ramet::net::testing
