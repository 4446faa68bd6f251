#include "net/http_head.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>

namespace ramet::net {

namespace {

HeadResult parse(std::string_view text, RequestHead& head)
{
    std::size_t scanned = 0;
    return parse_request_head(text, scanned, head);
}

HeadState state_of(std::string_view text)
{
    RequestHead head;
    return parse(text, head).state;
}

/// Words and separators that decide about framing, thrown together.
rc::Gen<std::string> hostile_text()
{
    const auto piece = rc::gen::elementOf(std::vector<std::string>{"GET",
                                                                   "POST",
                                                                   " ",
                                                                   "/",
                                                                   "*",
                                                                   "http://a",
                                                                   "HTTP/1.1",
                                                                   "HTTP/1.0",
                                                                   "\r\n",
                                                                   "\r\n\r\n",
                                                                   "\n",
                                                                   "\r",
                                                                   "\t",
                                                                   ":",
                                                                   ": ",
                                                                   "Host",
                                                                   "Host: a",
                                                                   "Content-Length",
                                                                   "Content-Length: 5",
                                                                   "Transfer-Encoding",
                                                                   "chunked",
                                                                   "Connection",
                                                                   "close",
                                                                   "Upgrade",
                                                                   "Expect: 100-continue",
                                                                   ",",
                                                                   ";",
                                                                   "5",
                                                                   "0",
                                                                   "-1",
                                                                   std::string(1, '\0'),
                                                                   "\x80",
                                                                   "\xff",
                                                                   "x"});
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                        [](const std::vector<std::string>& pieces) {
                            std::string text;
                            for (const auto& each : pieces) text += each;
                            return text;
                        });
}

}  // namespace

TEST_CASE("a request head is taken apart")
{
    RequestHead head;
    const std::string text =
        "POST /a?b=c HTTP/1.1\r\nHost: a.test\r\nContent-Length: 12\r\nConnection: keep-alive, X-One , Upgrade\r\n"
        "Upgrade: websocket\r\nExpect: 100-Continue\r\nX-Empty:\r\n\r\nrest";
    REQUIRE(parse(text, head).state == HeadState::complete);
    CHECK(head.method == "POST");
    CHECK(head.target == "/a?b=c");
    CHECK(head.host == "a.test");
    CHECK(head.content_length == 12);
    CHECK(head.keep_alive);
    CHECK(head.wants_upgrade);
    CHECK(head.upgrade == "websocket");
    CHECK(head.expects_continue);
    CHECK(head.is_named_by_connection("x-one"));
    CHECK_FALSE(head.is_named_by_connection("X-Two"));
    CHECK(head.find("x-empty")->value.empty());
    CHECK(head.size == text.size() - 4);
}

TEST_CASE("whether a connection stays open")
{
    struct Case {
        std::string_view version, connection;
        bool want;
    };
    const Case cases[] = {{"1.1", "", true},           {"1.1", "close", false}, {"1.1", "Close, x", false},
                          {"1.1", "keep-alive", true}, {"1.0", "", false},      {"1.0", "close", false},
                          {"1.0", "Keep-Alive", true}};
    for (const auto& [version, connection, want] : cases) {
        CAPTURE(version);
        CAPTURE(connection);
        RequestHead head;
        const auto text =
            "GET / HTTP/" + std::string(version) + "\r\nHost: a\r\nConnection: " + std::string(connection) + "\r\n\r\n";
        REQUIRE(parse(text, head).state == HeadState::complete);
        CHECK(head.keep_alive == want);
    }
}

TEST_CASE("the same head comes out however it arrived, and an earlier request leaves nothing behind")
{
    const std::string text = "\r\nGET /x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n";
    RequestHead head;
    std::string other = "POST / HTTP/1.0\r\nHost: b\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n";
    REQUIRE(parse(other, head).state == HeadState::complete);
    std::size_t scanned = 0;
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK(parse_request_head(std::string_view(text).substr(0, size), scanned, head).state == HeadState::incomplete);
    REQUIRE(parse_request_head(text, scanned, head).state == HeadState::complete);
    CHECK(head.target == "/x");
    CHECK(head.host == "a");
    CHECK_FALSE(head.content_length);
    CHECK(head.fields.size() == 2);
    CHECK(head.size == text.size());
}

TEST_CASE("a response head is taken apart, with and without a reason")
{
    for (const std::string_view line : {"HTTP/1.1 404 Not Found", "HTTP/1.1 404 ", "HTTP/1.1 404"}) {
        CAPTURE(line);
        ResponseHead head;
        std::size_t scanned = 0;
        const auto text = std::string(line) + "\r\nContent-Length: 3\r\n\r\n";
        REQUIRE(parse_response_head(text, scanned, head).state == HeadState::complete);
        CHECK(head.status == 404);
        CHECK(head.content_length == 3);
    }
    for (const std::string_view line :
         {"HTTP/1.1 40", "HTTP/1.1 4040", "HTTP/1.1 099", "HTTP/1.1  404", "HTTP/2 200 OK", "HTTP/1.1 -10", ""}) {
        CAPTURE(line);
        ResponseHead head;
        std::size_t scanned = 0;
        CHECK(parse_response_head(std::string(line) + "\r\n\r\n", scanned, head).state == HeadState::bad);
    }
}

TEST_CASE("the number of fields is bounded")
{
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 300; ++i) text += "X:\r\n";
    RequestHead head;
    CHECK(parse(text + "\r\n", head).status == 431);
}

TEST_CASE("what is accepted has one meaning: property over hostile text")
{
    CHECK(rc::check("accepted heads", [] {
        const auto text = "GET / HTTP/1.1\r\nHost: a\r\n" + *hostile_text() + "\r\n\r\n";
        RequestHead head;
        if (parse(text, head).state != HeadState::complete) return;
        RC_ASSERT(head.size <= text.size());
        RC_ASSERT(std::string_view(text).substr(0, head.size).ends_with("\r\n\r\n"));
        RC_ASSERT(!(head.chunked && head.content_length));
        int hosts = 0;
        for (const auto& field : head.fields) {
            RC_ASSERT(field.name.find_first_of(" \t\r\n:") == std::string_view::npos);
            RC_ASSERT(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
            hosts += field.kind == FieldKind::host ? 1 : 0;
        }
        RC_ASSERT(hosts == 1);
    }));
}

TEST_CASE("arbitrary bytes never crash a parser, and cutting them off makes nothing complete earlier")
{
    CHECK(rc::check("arbitrary heads", [] {
        const auto text = *hostile_text() + *rc::gen::arbitrary<std::string>();
        RequestHead head;
        const auto whole = parse(text, head);
        if (whole.state == HeadState::complete) {
            for (std::size_t size = 0; size < head.size; ++size)
                RC_ASSERT(state_of(std::string_view(text).substr(0, size)) == HeadState::incomplete);
        }
        ResponseHead response;
        std::size_t scanned = 0;
        parse_response_head(text, scanned, response);
        RC_ASSERT(scanned <= text.size());
    }));
}

}  // namespace ramet::net
