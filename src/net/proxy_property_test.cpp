#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/test_proxy.hpp"

#include <rapidcheck.h>

namespace ramet::net {

using namespace testing;

namespace {

std::string content_of(std::size_t size, int seed)
{
    std::string content(size, '\0');
    auto state = static_cast<std::uint32_t>(seed) * 2654435761U + 1;
    for (char& c : content) {
        state = state * 1664525U + 1013904223U;
        c = static_cast<char>(state >> 24U);
    }
    return content;
}

/// Sends the body back, in one piece or as a stream of several.
void echo(const Request& request, const Responder& responder)
{
    const auto piece = static_cast<std::size_t>(std::stoul(std::string(request.query_value("piece", "0"))));
    if (piece == 0) return responder.send({.body = request.body});
    const auto writer = responder.stream({});
    for (std::size_t at = 0; at < request.body.size(); at += piece)
        writer.write(std::string_view(request.body).substr(at, piece));
    writer.close();
}

std::string chunked(const std::string& content, std::size_t piece)
{
    std::string text;
    for (std::size_t at = 0; at < content.size(); at += piece) {
        const auto chunk = content.substr(at, piece);
        text += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
    }
    return text + "0\r\n\r\n";
}

}  // namespace

TEST_CASE("any body comes back through the proxy as it was sent, in any framing and any pieces")
{
    const auto server = HttpServer::start({.workers = 2, .stream_buffer_limit = 4U << 20U}, echo);
    REQUIRE(server);
    ProxyFixture proxy;
    proxy.route("a.test", (*server)->port());
    CurlClient client;
    CHECK(rc::check("echoed bodies", [&] {
        const auto size =
            *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 100), rc::gen::inRange<std::size_t>(0, 300'000));
        const auto content = content_of(size, *rc::gen::inRange(0, 1000));
        const auto response_piece =
            *rc::gen::oneOf(rc::gen::just<std::size_t>(0), rc::gen::inRange<std::size_t>(1000, 100'000));
        const auto response =
            client.send({.method = "POST",
                         .url = fmt::format("http://127.0.0.1:{}/?piece={}", proxy.proxy->port(), response_piece),
                         .headers = {{"Host", "a.test"}},
                         .body = content});
        RC_ASSERT(response.has_value());
        RC_ASSERT(response->body == content);

        auto peer = proxy.connect();
        const auto request_piece = *rc::gen::inRange<std::size_t>(1000, 50'000);
        std::string text =
            "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(content, request_piece);
        const auto send_piece = *rc::gen::inRange<std::size_t>(500, 70'000);
        for (std::size_t at = 0; at < text.size(); at += send_piece)
            RC_ASSERT(peer.send(std::string_view(text).substr(at, send_piece)));
        const auto echoed = peer.read_message();
        RC_ASSERT(std::string_view(echoed).ends_with(content));
    }));
}

TEST_CASE("no bytes that a client sends bring the proxy down or reach a service as two requests")
{
    std::atomic<int> requests = 0;
    const auto service = HttpServer::start({.workers = 2}, [&](const Request&, const Responder& responder) {
        ++requests;
        responder.send({.body = "ok"});
    });
    REQUIRE(service);
    ProxyFixture proxy;
    proxy.route("a.test", (*service)->port());
    const auto piece = rc::gen::elementOf(std::vector<std::string>{
        "X: y\r\n", "Content-Length: 4\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n", " folded\r\n", "Connection: close\r\n", "Connection: content-length\r\n",
        "Host: b.test\r\n", "X: \r", "\n", "Expect: 100-continue\r\n", "Upgrade: h2c\r\nConnection: upgrade\r\n",
        "\x7f: x\r\n", "Content-Length: 4x\r\n", "Transfer-Encoding: gzip\r\n"});
    CHECK(rc::check("hostile requests", [&] {
        std::string head = "GET / HTTP/1.1\r\nHost: a.test\r\n";
        for (const auto& each : *rc::gen::container<std::vector<std::string>>(piece)) head += each;
        const int before = requests;
        auto peer = proxy.connect();
        peer.send(head +
                  "\r\n0\r\n\r\n");  // As a body: four bytes and one more, an empty chunked one, or no request at all.
        peer.end_output();
        peer.read_to_end();
        RC_ASSERT(requests - before <= 1);
        auto check = proxy.connect();
        RC_ASSERT(std::string_view(peer_get(check, "a.test")).ends_with("ok"));
    }));
}

}  // namespace ramet::net
