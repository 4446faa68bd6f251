#include "net/proxy.hpp"

#include "net/test_peer.hpp"
#include "net/test_proxy.hpp"

#include <future>

namespace ramet::net {

using namespace testing;

TEST_CASE("a request reaches the service of its host, with the forwarding fields, and the response comes back")
{
    std::promise<std::string> seen;
    RawServer service([&](RawPeer& peer) {
        seen.set_value(peer.read_message());
        peer.send("HTTP/1.1 201 Very Created\r\nContent-Length: 5\r\nX-Service: yes\r\nX-Robots-Tag: all\r\n"
                  "Connection: X-Hop\r\nX-Hop: gone\r\nKeep-Alive: timeout=5\r\n\r\nhello");
    });
    ProxyFixture proxy;
    proxy.route("web-pr-1.localhost", service.port());
    auto peer = proxy.connect();
    peer.send("POST /path?x=%20 HTTP/1.1\r\nHost: WEB-pr-1.localhost:8080\r\nX-Mine: kept\r\nConnection: X-Private\r\n"
              "X-Private: gone\r\nTE: trailers\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: "
              "for=6.6.6.6\r\nContent-Length: 3\r\n\r\nabc");
    const auto response = peer.read_message();
    CHECK(response ==
          "HTTP/1.1 201 Very Created\r\nX-Service: yes\r\nX-Robots-Tag: noindex\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(seen.get_future().get() ==
          "POST /path?x=%20 HTTP/1.1\r\nHost: WEB-pr-1.localhost:8080\r\nX-Mine: kept\r\nX-Forwarded-For: 127.0.0.1\r\n"
          "X-Forwarded-Host: WEB-pr-1.localhost:8080\r\nX-Forwarded-Proto: http\r\n"
          "Forwarded: for=127.0.0.1;host=\"WEB-pr-1.localhost:8080\";proto=http\r\nContent-Length: 3\r\n\r\nabc");
}

TEST_CASE("behind a load balancer of ours the forwarding fields are continued")
{
    std::promise<std::string> seen;
    RawServer service([&](RawPeer& peer) {
        seen.set_value(peer.read_message());
        peer.send(ok_response);
    });
    ProxyFixture proxy({.forwarded = ForwardedFields::append});
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nForwarded: "
              "for=9.9.9.9\r\n\r\n");
    peer.read_message();
    const auto text = seen.get_future().get();
    CHECK(text.contains("X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n"));
    CHECK(text.contains("X-Forwarded-Proto: https\r\n"));
    CHECK(text.contains("Forwarded: for=9.9.9.9, for=127.0.0.1;"));
}

TEST_CASE("connections are kept on both sides")
{
    std::atomic<int> requests = 0;
    RawServer service([&](RawPeer& peer) {
        while (!peer.read_message().empty()) {
            ++requests;
            peer.send(ok_response);
        }
    });
    ProxyFixture proxy({.threads = 1});
    proxy.route("a.test", service.port());
    for (int client = 0; client < 3; ++client) {
        auto peer = proxy.connect();
        for (int i = 0; i < 10; ++i) CHECK(peer_get(peer, "a.test").ends_with("ok"));
    }
    CHECK(requests == 30);
    CHECK(service.connections() == 1);
}

TEST_CASE("requests that are sent all at once are answered in their order")
{
    RawServer service([&](RawPeer& peer) {
        for (auto request = peer.read_message(); !request.empty(); request = peer.read_message())
            peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}", request.substr(4, 4)));
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    std::string all;
    for (int i = 0; i < 200; ++i)
        all += fmt::format("GET /{:03} HTTP/1.1\r\nHost: {}\r\n\r\n", i, i % 3 ? "a.test" : "none.test");
    peer.send(all);
    for (int i = 0; i < 200; ++i) {
        const auto response = peer.read_message();
        CHECK(response.starts_with(i % 3 ? "HTTP/1.1 200" : "HTTP/1.1 404"));
        if (i % 3) CHECK(response.ends_with(fmt::format("/{:03}", i)));
    }
}

TEST_CASE("bodies pass in both directions whatever their framing")
{
    struct Case {
        std::string_view story, request, response, client_gets;
    };
    const Case cases[] = {
        {"length", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz", "Content-Length: 3\r\n\r\nxyz"},
        {"chunked request",
         "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;e=1\r\nbc\r\n0\r\nT: "
         "x\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz", "Content-Length: 3\r\n\r\nxyz"},
        {"chunked response", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n1\r\nz\r\n0\r\n\r\n",
         "3\r\nxyz\r\n0\r\n\r\n"},
        {"until close becomes chunked", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 200 OK\r\n\r\nxyz", "3\r\nxyz\r\n0\r\n\r\n"},
        {"chunked for an old client", "POST / HTTP/1.0\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n", "Connection: close\r\n\r\nxyz"},
        {"an interim response that nobody asked for", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz", "\r\n\r\nxyz"},
    };
    for (const auto& [story, request, response, client_gets] : cases) {
        CAPTURE(story);
        std::promise<std::string> body;
        RawServer service([&](RawPeer& peer) {
            const auto head = peer.read_until("\r\n\r\n");
            body.set_value(head.contains("chunked") ? peer.read_until("0\r\n\r\n") : peer.read_exactly(3));
            peer.send(response);
        });
        ProxyFixture proxy;
        proxy.route("a.test", service.port());
        auto peer = proxy.connect();
        peer.send(request);
        peer.end_output();
        const auto text = peer.read_to_end();
        CAPTURE(text);
        CHECK(text.ends_with(client_gets));
        CHECK_FALSE(text.contains("103"));
        const auto seen = body.get_future().get();
        CHECK((seen == "abc" || seen == "3\r\nabc\r\n0\r\n\r\n"));
    }
}

TEST_CASE("HEAD, 204 and 304 have no body, and the connection goes on")
{
    RawServer service([](RawPeer& peer) {
        for (auto request = peer.read_message(); !request.empty(); request = peer.read_message()) {
            if (request.starts_with("HEAD"))
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            else if (request.contains("/204"))
                peer.send("HTTP/1.1 204 No Content\r\n\r\n");
            else if (request.contains("/304"))
                peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: x\r\n\r\n");
            else
                peer.send(ok_response);
        }
    });
    ProxyFixture proxy({.threads = 1});
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n").contains("Content-Length: 1000\r\n"));
    peer.send("GET /204 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    CHECK_FALSE(peer.read_until("\r\n\r\n").contains("Content-Length"));
    peer.send("GET /304 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n").contains("ETag: x\r\n"));
    CHECK(peer_get(peer, "a.test").ends_with("ok"));
    CHECK(service.connections() == 1);
}

TEST_CASE("a client that expects 100 gets it from the service and then sends its body")
{
    RawServer service([](RawPeer& peer) {
        CHECK(peer.read_until("\r\n\r\n").contains("Expect: 100-continue\r\n"));
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        const auto body = peer.read_exactly(5);
        peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hello");
    CHECK(peer.read_message().ends_with("hello"));
}

TEST_CASE("a service that refuses before it has the whole body is heard, and the connection closed")
{
    RawServer service([](RawPeer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        peer.drain();
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\nbeginning");
    CHECK(peer.read_message().ends_with("big"));
    CHECK(peer.is_closed_by_peer());
}

TEST_CASE("an event stream arrives event by event")
{
    Signal seen[3];
    RawServer service([&](RawPeer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (auto& each : seen) {
            peer.send("9\r\ndata: x\n\n\r\n");
            each.wait();  // The next one is not even written before this one was seen.
        }
        peer.send("0\r\n\r\n");
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    peer.read_until("\r\n\r\n");
    for (auto& each : seen) {
        CHECK(peer.read_until("\n\n\r\n") == "9\r\ndata: x\n\n\r\n");
        each.set();
    }
    CHECK(peer.read_until("0\r\n\r\n") == "0\r\n\r\n");
}

TEST_CASE("a service learns that the client of its event stream left, though it sends nothing")
{
    Signal left;
    RawServer service([&](RawPeer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n");
        if (peer.is_closed_by_peer()) left.set();
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    peer.read_until("\n\n");
    peer.close();
    CHECK(left.wait());
}

TEST_CASE("a WebSocket is tunnelled both ways, also what comes with the handshake, and ends on both sides")
{
    RawServer service([](RawPeer& peer) {
        const auto head = peer.read_until("\r\n\r\n");
        CHECK(head.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
        CHECK(head.contains("Sec-WebSocket-Key: key\r\n"));
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
                  "websocket\r\nSec-WebSocket-Accept: y\r\n\r\n>hi");
        for (auto frame = peer.read_exactly(4); !frame.empty(); frame = peer.read_exactly(4)) peer.send(">" + frame);
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
              "websocket\r\nSec-WebSocket-Key: key\r\n\r\nzero");
    const auto head = peer.read_until("\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(head.contains("Sec-WebSocket-Accept: y\r\n"));
    CHECK(head.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    CHECK(peer.read_exactly(8) == ">hi>zero");
    for (const std::string& frame :
         {std::string("\x81\x01\x00\xff", 4), std::string("two!"), std::string("\r\n\r\n")}) {
        peer.send(frame);
        CHECK(peer.read_exactly(5) == ">" + frame);
    }
    peer.end_output();
    CHECK(peer.is_closed_by_peer());
}

TEST_CASE("h2c is not tunnelled, and a service that was not asked cannot change the protocol")
{
    RawServer service([](RawPeer& peer) {
        const auto head = peer.read_until("\r\n\r\n");
        CHECK_FALSE(head.contains("Upgrade"));
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
              "h2c\r\nHTTP2-Settings: x\r\n\r\n");
    CHECK(peer.read_message().starts_with("HTTP/1.1 502"));
}

TEST_CASE("a name is resolved like an address")
{
    RawServer service([](RawPeer& peer) {
        peer.read_message();
        peer.send(ok_response);
    });
    ProxyFixture proxy;
    REQUIRE(proxy.routes.set("a.test", {.to = Upstream{.host = "localhost", .port = service.port()}}));
    auto peer = proxy.connect();
    CHECK(peer_get(peer, "a.test").ends_with("ok"));
}

TEST_CASE("every request of a counted route is told, with its status")
{
    RawServer service([](RawPeer& peer) {
        peer.read_message();
        peer.send(ok_response);
    });
    std::mutex mutex;
    std::vector<std::string> told;
    {
        ProxyFixture proxy({.on_request = [&](const Route& route, int status, std::chrono::microseconds) {
            const std::lock_guard lock(mutex);
            told.push_back(fmt::format("{} {} {}", route.environment, route.service, status));
        }});
        proxy.route("a.test", service.port());
        REQUIRE(proxy.routes.set("page.test", {.to = Page{}, .service = "web", .environment = "pr-2"}));
        REQUIRE(proxy.routes.set("quiet.test", {.to = Page{}, .counting = Counting::uncounted}));
        auto peer = proxy.connect();
        for (const std::string host : {"a.test", "page.test", "quiet.test", "unknown.test"}) peer_get(peer, host);
    }
    CHECK(told == std::vector<std::string>{"pr-1 web 200", "pr-2 web 503"});
}

}  // namespace ramet::net
