#include "net/proxy.hpp"
#include "net/test_peer.hpp"
#include "net/test_proxy.hpp"

namespace ramet::net {

using namespace testing;
using namespace std::string_view_literals;

namespace {

struct Case {
    std::string_view story, request;
    int status;
};

/// Each is refused with its status, the connection closed, and the service behind the proxy never hears of it.
void check_refused(std::span<const Case> cases)
{
    RawServer service([](RawPeer& peer) {
        while (!peer.read_message().empty()) peer.send(ok_response);
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    for (const auto& [story, request, status] : cases) {
        CAPTURE(story);
        auto peer = proxy.connect();
        peer.send(request);
        const auto response = peer.read_message();
        CHECK(response.starts_with(fmt::format("HTTP/1.1 {} ", status)));
        CHECK(response.contains("Connection: close\r\n"));
        CHECK(peer.is_closed_by_peer());
    }
    CHECK(service.connections() == 0);
}

}  // namespace

TEST_CASE("requests whose end two readers could see differently are refused and never reach a service")
{
    const Case cases[] = {
        {"length beside chunked",
         "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", 400},
        {"chunked beside length",
         "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX", 400},
        {"different lengths", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\nContent-Length: 5\r\n\r\nabcdef",
         400},
        {"a list of lengths", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6, 6\r\n\r\nabcdef", 400},
        {"a length in hexadecimal", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0x6\r\n\r\nabcdef", 400},
        {"a length of twenty digits",
         "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 00000000000000000006\r\n\r\nabcdef", 400},
        {"an empty length", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length:\r\n\r\nabcdef", 400},
        {"chunked twice",
         "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"chunked, identity", "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501},
        {"xchunked", "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
        {"chunked behind a vertical tab",
         "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: \x0b"
         "chunked\r\n\r\n",
         400},
        {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"a broken chunk size", "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
        {"a chunk size that overflows",
         "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", 400},
        {"a chunk that ends with a bare line feed",
         "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\nx", 400},
    };
    check_refused(cases);
}

TEST_CASE("requests whose head two readers could read differently are refused and never reach a service")
{
    const Case cases[] = {
        {"a space before the colon", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length : 6\r\n\r\nabcdef", 400},
        {"a folded field", "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\r\n\tb\r\n\r\n", 400},
        {"a field before the first", "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n", 400},
        {"a bare line feed", "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n", 400},
        {"a bare carriage return", "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\rY: b\r\n\r\n", 400},
        {"a NUL in a value", "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n"sv, 400},
        {"a field without a colon", "GET / HTTP/1.1\r\nHost: a.test\r\nX\r\n\r\n", 400},
        {"a field without a name", "GET / HTTP/1.1\r\nHost: a.test\r\n: x\r\n\r\n", 400},
        {"no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400},
        {"two Hosts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400},
        {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"a Host with a path", "GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n", 400},
        {"a Host with a user", "GET / HTTP/1.1\r\nHost: u@a.test\r\n\r\n", 400},
        {"a Host with markup", "GET / HTTP/1.1\r\nHost: <script>\r\n\r\n", 400},
        {"a Host with a port that is none", "GET / HTTP/1.1\r\nHost: a.test:80x\r\n\r\n", 400},
        {"a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
        {"spaces in the target", "GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a.test\r\n\r\n", 505},
        {"CONNECT", "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
        {"another scheme", "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
    };
    check_refused(cases);
}

TEST_CASE("headers over 64 KB are refused")
{
    std::string request = "GET / HTTP/1.1\r\nHost: a.test\r\n";
    while (request.size() < 66'000) request += "X-Filler: " + std::string(500, 'x') + "\r\n";
    const Case cases[] = {{"many fields", request, 431}};
    check_refused(cases);
}

}  // namespace ramet::net
