#include "api/problem.hpp"

#include "net/http_status.hpp"

#include <doctest/doctest.h>

#include <set>

namespace ramet::api {

TEST_CASE("each kind of error has the status of the interface's table")
{
    struct Case {
        ErrorKind kind;
        Understood understood;
        int want;
    };
    using enum ErrorKind;
    const Case cases[] = {
        {invalid, Understood::no, 400},         {invalid, Understood::yes, 422},     {not_found, Understood::yes, 404},
        {unauthenticated, Understood::no, 401}, {forbidden, Understood::no, 403},    {conflict, Understood::yes, 409},
        {refused, Understood::yes, 409},        {integrity, Understood::yes, 500},   {timeout, Understood::yes, 504},
        {cancelled, Understood::yes, 504},      {unavailable, Understood::yes, 503}, {internal, Understood::yes, 500},
    };
    for (const auto& [kind, understood, want] : cases) {
        CAPTURE(to_string(kind));
        const auto response = to_problem(Error{kind, "it failed"}, understood);
        CHECK(response.status == want);
        CHECK(response.headers.get("content-type") == "application/problem+json");
        const auto body = *parse_json(response.body);
        CHECK(get_int(body, "status") == want);
        CHECK(get_string(body, "detail") == "it failed");
        CHECK(get_string(body, "type") == "about:blank");
        // RFC 9457, 4.2.1: the phrase of the status.
        CHECK(get_string(body, "title") == net::status_text(want));
        CHECK(get_string(body, "trace_id").size() == 16);
        CHECK(response.headers.contains("www-authenticate") == (want == 401));
    }
    CHECK(get_string(*parse_json(to_problem(Error{integrity, "x"}, Understood::yes).body), "code") ==
          "integrity_error");
    CHECK(get_string(*parse_json(to_problem(Error{refused, "x"}, Understood::yes).body), "code") == "refused");
}

TEST_CASE("a problem says where, with what evidence, and what to do next, when these are known")
{
    const auto body = [](const Error& error) { return *parse_json(to_problem(error, Understood::yes).body); };
    const auto whole = body({ErrorKind::invalid, "'name' is missing", "the last line", "say a name", "/name"});
    CHECK(to_text(get_member(whole, "errors")) == R"([{"pointer":"/name","detail":"'name' is missing"}])");
    CHECK(get_string(whole, "evidence") == "the last line");
    CHECK(get_string(whole, "next_step") == "say a name");
    const auto in_file = body({ErrorKind::invalid, "no such key", {}, {}, "ramet.yaml:3:7"});
    CHECK(to_text(get_member(in_file, "errors")) == R"([{"where":"ramet.yaml:3:7","detail":"no such key"}])");
    const auto bare = body({ErrorKind::not_found, "no"});
    for (const std::string_view key : {"errors", "evidence", "next_step"}) CHECK(get_member(bare, key).is_null());
}

TEST_CASE("a wrong method is a problem with the methods that are right")
{
    const auto response = to_method_problem("PUT", {"GET", "DELETE"});
    CHECK(response.status == 405);
    CHECK(response.headers.get("allow") == "GET, DELETE");
    const auto body = *parse_json(response.body);
    CHECK(get_string(body, "title") == "Method Not Allowed");
    CHECK(get_string(body, "code") == "invalid");
    CHECK(get_string(body, "detail") == "this address does not take PUT");
    CHECK(get_string(body, "evidence") == "allowed: GET, DELETE");
}

TEST_CASE("two problems have two traces")
{
    const auto trace = [] {
        return get_string(*parse_json(to_problem(Error{ErrorKind::not_found, "no"}, Understood::yes).body), "trace_id");
    };
    CHECK(trace() != trace());
}

TEST_CASE("no answer is kept, guessed, framed or run by a browser")
{
    for (const auto& response : {to_problem(Error{ErrorKind::not_found, "no"}, Understood::yes),
                                 to_response({.body = json::object{}}), to_response({.status = 204})}) {
        CHECK(response.headers.get("cache-control") == "no-store");
        CHECK(response.headers.get("x-content-type-options") == "nosniff");
        CHECK(response.headers.get("content-security-policy").starts_with("default-src 'none'"));
    }
}

TEST_CASE("a reply is its body as JSON, with the run's address; 204 has none")
{
    const auto accepted =
        to_response({.status = 202, .body = json::object{{"run", "r1"}}, .location = "/api/v1/runs/r1"});
    CHECK(accepted.status == 202);
    CHECK(accepted.body == "{\"run\":\"r1\"}\n");
    CHECK(accepted.headers.get("location") == "/api/v1/runs/r1");
    const auto done = to_response({.status = 204});
    CHECK(done.body.empty());
    CHECK_FALSE(done.headers.contains("content-type"));
}

}  // namespace ramet::api
