#include "net/forward_head.hpp"

#include "net/headers.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <rapidcheck.h>

#include <algorithm>

namespace ramet::net {

namespace {

RequestHead parse_request(std::string_view text)
{
    RequestHead head;
    std::size_t scanned = 0;
    REQUIRE(parse_request_head(text, scanned, head).state == HeadState::complete);
    return head;
}

ResponseHead parse_response(std::string_view text)
{
    ResponseHead head;
    std::size_t scanned = 0;
    REQUIRE(parse_response_head(text, scanned, head).state == HeadState::complete);
    return head;
}

std::string forwarded(std::string_view text, const ForwardContext& context = {.client_address = "1.2.3.4"})
{
    std::string out;
    write_request_head(out, parse_request(text), context);
    return out;
}

std::string answered(std::string_view text, const ResponseShape& shape)
{
    std::string out;
    write_response_head(out, parse_response(text), shape);
    return out;
}

rc::Gen<std::string> field_name()
{
    return rc::gen::element<std::string>("Accept", "Cookie", "X-Custom", "Connection", "Keep-Alive", "TE", "Trailer",
                                         "Upgrade", "Proxy-Connection", "X-Forwarded-For", "Forwarded", "X-Robots-Tag",
                                         "Authorization");
}

rc::Gen<std::string> field_value()
{
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                            rc::gen::element<std::string>("close", "keep-alive", "upgrade", ",", " ", "x-custom",
                                                          "cookie", "h2c", "websocket", "\t", "a", "é", ";q=0")),
                        [](const std::vector<std::string>& words) {
                            std::string value;
                            for (const auto& word : words) value += word;
                            return value;
                        });
}

}  // namespace

TEST_CASE("an IPv6 client is quoted where RFC 7239 wants it")
{
    const auto text = forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {.client_address = "fe80::1"});
    CHECK(text.contains("X-Forwarded-For: fe80::1\r\n"));
    CHECK(text.contains("Forwarded: for=\"[fe80::1]\";host=\"a\";proto=http\r\n"));
}

TEST_CASE("the length travels as a number, once")
{
    const auto text = forwarded("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0012\r\nContent-Length: 12\r\n\r\n");
    CHECK(text.contains("Content-Length: 12\r\n"));
    CHECK(text.find("Content-Length") == text.rfind("Content-Length"));
    CHECK(forwarded("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").contains("Content-Length: 0\r\n"));
}

TEST_CASE("the framing of a response is the proxy's, the rest is the service's")
{
    struct Case {
        std::string_view story, head;
        ResponseShape shape;
        std::string_view want;
    };
    const Case cases[] = {
        {"length",
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\n\r\n",
         {},
         "HTTP/1.1 200 OK\r\nA: b\r\nX-Robots-Tag: noindex\r\nContent-Length: 3\r\n\r\n"},
        {"chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         {.framing = Framing::chunked},
         "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"closing",
         "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
         {.keep_alive = false},
         "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nConnection: close\r\n\r\n"},
        {"an old client",
         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
         {.client_is_old = true},
         "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n"},
        {"robots welcome",
         "HTTP/1.1 200 OK\r\nX-Robots-Tag: all\r\nContent-Length: 1\r\n\r\n",
         {.robots = Robots::as_upstream_says},
         "HTTP/1.1 200 OK\r\nX-Robots-Tag: all\r\nContent-Length: 1\r\n\r\n"},
        {"204 has no length",
         "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
         {},
         "HTTP/1.1 204 No Content\r\nX-Robots-Tag: noindex\r\n\r\n"},
    };
    for (const auto& [story, head, shape, want] : cases) {
        CAPTURE(story);
        CHECK(answered(head, shape) == want);
    }
}

TEST_CASE("whatever fields come in, what goes out parses, keeps the end-to-end fields and has none for one hop")
{
    CHECK(rc::check("forwarded requests", [] {
        std::string text = "POST /x HTTP/1.1\r\nHost: a.test\r\n";
        for (const auto& [name, value] : *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
                 rc::gen::pair(field_name(), field_value())))
            text += name + ": " + value + "\r\n";
        text += "\r\n";
        const auto before = parse_request(text);
        std::string out;
        write_request_head(out, before, {.client_address = "1.2.3.4"});
        const auto after = parse_request(out);
        RC_ASSERT(after.size == out.size());
        RC_ASSERT(after.host == "a.test");
        RC_ASSERT(after.find("X-Forwarded-For")->value == "1.2.3.4");
        const auto count = [](const RequestHead& head, std::string_view name) {
            return std::ranges::count_if(
                head.fields, [&](const HeadField& field) { return equals_ignoring_case(field.name, name); });
        };
        for (const std::string_view name : {"Keep-Alive", "TE", "Trailer", "Proxy-Connection"})
            RC_ASSERT(count(after, name) == 0);
        RC_ASSERT(count(after, "Connection") == (is_tunnelled(before) ? 1 : 0));
        for (const std::string_view name : {"Accept", "Cookie", "X-Custom", "Authorization"})
            RC_ASSERT(count(after, name) == (before.is_named_by_connection(name) ? 0 : count(before, name)));
    }));
}

}  // namespace ramet::net
