#include "shim/http_watch.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using ramet::shim::HttpWatch;

namespace {

struct Step {
    char from;  ///< '>' the client, '<' the replica
    std::string bytes;
};

bool idle_after(const std::vector<Step>& steps, std::size_t piece)
{
    HttpWatch watch;
    for (const auto& step : steps) {
        for (std::size_t at = 0; at < step.bytes.size(); at += piece) {
            const auto bytes = step.bytes.substr(at, piece);
            if (step.from == '>')
                watch.feed_request(bytes);
            else
                watch.feed_response(bytes);
        }
    }
    return watch.is_idle();
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string empty_answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

struct Case {
    std::string story;
    std::vector<Step> steps;
    bool idle;
};

const Case cases[] = {
    {"nothing was sent", {}, true},
    {"a request waits for its answer", {{'>', get}}, false},
    {"half a request", {{'>', get.substr(0, 10)}}, false},
    {"an empty answer", {{'>', get}, {'<', empty_answer}}, true},
    {"a body by length", {{'>', get}, {'<', "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"}}, true},
    {"a body that lacks a byte", {{'>', get}, {'<', "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"}}, false},
    {"chunks", {{'>', get}, {'<', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}}, true},
    {"chunks with extension and trailer",
     {{'>', get}, {'<', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n"}},
     true},
    {"chunks without their end",
     {{'>', get}, {'<', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}},
     false},
    {"an answer that ends with the connection", {{'>', get}, {'<', "HTTP/1.1 200 OK\r\n\r\nabc"}}, false},
    {"no content", {{'>', get}, {'<', "HTTP/1.1 204 No Content\r\n\r\n"}}, true},
    {"not modified, with a length",
     {{'>', get}, {'<', "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}},
     true},
    {"an answer to HEAD has no body",
     {{'>', "HEAD / HTTP/1.1\r\n\r\n"}, {'<', "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}},
     true},
    {"GET after HEAD has one again",
     {{'>', "HEAD / HTTP/1.1\r\n\r\n"},
      {'<', "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
      {'>', get},
      {'<', "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}},
     false},
    {"continue is not the answer",
     {{'>', "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"}, {'<', "HTTP/1.1 100 Continue\r\n\r\n"}},
     false},
    {"continue, then the answer",
     {{'>', "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"}, {'<', "HTTP/1.1 100 Continue\r\n\r\n" + empty_answer}},
     true},
    {"a request's body is still coming although it was answered",
     {{'>', "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"}, {'<', empty_answer}},
     false},
    {"a chunked request",
     {{'>', "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"}, {'<', empty_answer}},
     true},
    {"two in turn", {{'>', get}, {'<', empty_answer}, {'>', get}, {'<', empty_answer}}, true},
    {"pipelined requests are not followed", {{'>', get + get}, {'<', empty_answer + empty_answer}}, false},
    {"an upgraded connection", {{'>', get}, {'<', "HTTP/1.1 101 Switching Protocols\r\n\r\n"}}, false},
    {"not HTTP", {{'>', "PING\r\n"}, {'<', "+PONG\r\n"}}, false},
    {"HTTP/2", {{'>', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}}, false},
    {"a server that speaks first", {{'<', "220 ready\r\n"}}, false},
    {"a length that is no number", {{'>', get}, {'<', "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}}, false},
    {"a coding that is not known", {{'>', get}, {'<', "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"}}, false},
};

}  // namespace

TEST_CASE("a connection is idle exactly when whole requests were answered whole, however the bytes are cut")
{
    for (const auto& [story, steps, idle] : cases) {
        for (const std::size_t piece : {1U, 2U, 7U, 4096U}) {
            CAPTURE(story);
            CAPTURE(piece);
            CHECK(idle_after(steps, piece) == idle);
        }
    }
}

TEST_CASE("a head that never ends makes the connection opaque instead of filling memory")
{
    HttpWatch watch;
    watch.feed_request("GET / HTTP/1.1\r\n");
    for (int line = 0; line < 20'000; ++line) watch.feed_request("A: bbbbbbbbbbbbbbbb\r\n");
    watch.feed_request("\r\n");
    watch.feed_response(empty_answer);
    CHECK_FALSE(watch.is_idle());
}
