#include "net/pages.hpp"
#include "net/proxy.hpp"
#include "net/test_peer.hpp"
#include "net/test_proxy.hpp"

namespace ramet::net {

using namespace testing;

namespace {

std::string status_line(std::string_view response)
{
    return std::string(response.substr(0, response.find("\r\n")));
}

}  // namespace

TEST_CASE("an unknown host is a 404 page that names it, and the connection goes on")
{
    ProxyFixture proxy;
    auto peer = proxy.connect();
    const auto response = peer_get(peer, "web-pr-9.localhost:8080");
    CHECK(status_line(response) == "HTTP/1.1 404 Not Found");
    CHECK(response.contains("web-pr-9.localhost."));
    CHECK(response.contains("X-Robots-Tag: noindex\r\n"));
    CHECK(peer_get(peer, "other.localhost").contains("other.localhost"));
}

TEST_CASE("a service that nobody serves is a 502 page that names it, its environment and the reason")
{
    ProxyFixture proxy;
    REQUIRE(proxy.routes.set("a.test",
                             {.to = Upstream{.port = unused_port()}, .service = "web<b>", .environment = "pr-42"}));
    auto peer = proxy.connect();
    const auto response = peer_get(peer, "a.test");
    CHECK(status_line(response) == "HTTP/1.1 502 Bad Gateway");
    CHECK(response.contains("web&lt;b&gt;"));
    CHECK_FALSE(response.contains("<b>"));
    CHECK(response.contains("pr-42"));
    CHECK(response.contains("Connection refused"));
    CHECK(response.contains("Content-Security-Policy: default-src 'none'"));
    CHECK(status_line(peer_get(peer, "a.test")) == "HTTP/1.1 502 Bad Gateway");
}

TEST_CASE("a page route shows its page with its status; a preview in the making asks to come back in two seconds")
{
    ProxyFixture proxy;
    const auto html =
        page_html({.title = "pr-1 is being made", .detail = "cloning", .refresh = std::chrono::seconds(2)});
    REQUIRE(proxy.routes.set("a.test", {.to = Page{.html = html, .retry_after = std::chrono::seconds(2)}}));
    auto peer = proxy.connect();
    const auto response = peer_get(peer, "a.test");
    CHECK(status_line(response) == "HTTP/1.1 503 Service Unavailable");
    CHECK(response.contains("Retry-After: 2\r\n"));
    CHECK(response.contains("<meta http-equiv=\"refresh\" content=\"2\">"));
    CHECK(response.contains("X-Robots-Tag: noindex\r\n"));
    peer.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n").contains("503"));
    REQUIRE(proxy.routes.set("a.test", {.to = Page{.status = 500, .html = "failed"}}));
    CHECK(peer_get(peer, "a.test").ends_with("failed"));
}

TEST_CASE("a service that answers nonsense is a 502 that says so")
{
    struct Case {
        std::string_view story, response;
    };
    const std::string huge = "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n";
    const Case cases[] = {
        {"nothing", ""},
        {"half a head", "HTTP/1.1 200 OK\r\nContent-Le"},
        {"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"},
        {"length beside chunked", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
        {"a folded header", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"},
        {"a header with a bare carriage return", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n"},
        {"an unknown encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
        {"a status that is none", "HTTP/1.1 2xx OK\r\n\r\n"},
        {"too large a head", huge},
    };
    for (const auto& each : cases) {
        CAPTURE(each.story);
        RawServer service([&](RawPeer& peer) {
            peer.read_message();
            peer.send(each.response);
        });
        ProxyFixture proxy;
        proxy.route("a.test", service.port());
        auto peer = proxy.connect();
        const auto response = peer_get(peer, "a.test");
        CHECK(status_line(response) == "HTTP/1.1 502 Bad Gateway");
        CHECK(response.contains("web"));
    }
}

TEST_CASE("a service that does not answer in time is a 504")
{
    RawServer service([](RawPeer& peer) { peer.drain(); });
    ProxyFixture proxy({.response_timeout = std::chrono::milliseconds(300)});
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    const auto response = peer_get(peer, "a.test");
    CHECK(status_line(response) == "HTTP/1.1 504 Gateway Timeout");
    CHECK(response.contains("in time"));
}

TEST_CASE("a connection that is not taken in time is a 504")
{
    // A full queue drops further connections on Linux: the proxy's stays unanswered.
    Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening.get(), 0) == 0);
    auto filler = RawPeer::connect(local_port(listening));
    ProxyFixture proxy({.connect_timeout = std::chrono::milliseconds(300)});
    proxy.route("a.test", local_port(listening));
    auto peer = proxy.connect();
    CHECK(status_line(peer_get(peer, "a.test")) == "HTTP/1.1 504 Gateway Timeout");
}

TEST_CASE("a response that is cut off is not made to look complete")
{
    struct Case {
        std::string_view story, version, response;
    };
    const Case cases[] = {
        {"short of its length", "1.1", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"},
        {"in the middle of a chunk", "1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nshort"},
        {"a broken chunk", "1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshortXX"},
        {"chunked for an old client", "1.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nshort"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.story);
        RawServer service([&](RawPeer& peer) {
            peer.read_message();
            peer.send(each.response);
        });
        ProxyFixture proxy;
        proxy.route("a.test", service.port());
        auto peer = proxy.connect();
        peer.send(fmt::format("GET / HTTP/{}\r\nHost: a.test\r\n\r\n", each.version));
        peer.read_until("\r\n\r\n");
        CHECK_FALSE(peer.read_to_end().contains("0\r\n\r\n"));
        if (each.version == "1.0") CHECK(peer.was_reset());
    }
}

TEST_CASE("a target in absolute form goes on in origin form, and its host counts")
{
    RawServer service([](RawPeer& peer) {
        const auto request = peer.read_message();
        CHECK(request.starts_with("GET /x?y HTTP/1.1\r\nHost: a.test\r\n"));
        peer.send(ok_response);
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET http://a.test/x?y HTTP/1.1\r\nHost: b.test\r\n\r\n");
    CHECK(peer.read_message().ends_with("ok"));
}

TEST_CASE("clients that are too slow are told and closed; idle ones are closed")
{
    RawServer service([](RawPeer& peer) { peer.drain(); });
    const std::chrono::milliseconds soon(300);
    ProxyFixture proxy({.client_timeout = soon, .head_timeout = soon, .keep_alive_timeout = soon});
    proxy.route("a.test", service.port());
    auto head = proxy.connect();
    head.send("GET / HTTP/1.1\r\nHo");
    CHECK(status_line(head.read_to_end()) == "HTTP/1.1 408 Request Timeout");
    auto body = proxy.connect();
    body.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nx");
    CHECK(status_line(body.read_to_end()) == "HTTP/1.1 408 Request Timeout");
    auto silent = proxy.connect();
    CHECK(silent.is_closed_by_peer());
    auto idle = proxy.connect();
    peer_get(idle, "none.test");
    CHECK(idle.is_closed_by_peer());
}

TEST_CASE("a taken port is a conflict that names the option")
{
    const RawServer other([](RawPeer&) {});
    const RouteTable routes;
    const ProxyFixture first;
    for (const auto port : {other.port(), first.proxy->port()}) {
        const auto second = ReverseProxy::start({.listen = {.port = port, .option = "--proxy-listen"}}, routes);
        REQUIRE_FALSE(second);
        CHECK(second.error().kind == ErrorKind::conflict);
        CHECK(second.error().next_step.contains("--proxy-listen"));
    }
}

}  // namespace ramet::net
