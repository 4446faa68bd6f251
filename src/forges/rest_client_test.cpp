#include "forges/rest_client.hpp"

#include "forges/test_host.hpp"

namespace ramet::forges {

using namespace testing;

namespace {

const std::string api = "http://git.test/api/v1";

RestClient client_of(net::HttpClient& host)
{
    return RestClient(host, {.api_url = api, .headers = {{"Authorization", "token a-token"}}});
}

Result<int> count_elements(RestClient& client)
{
    int count = 0;
    TRY(client.for_each("/list?limit=2", [&](const Json&) {
        ++count;
        return RestClient::Continue::yes;
    }));
    return count;
}

}  // namespace

TEST_CASE("the next page is found in a Link header as RFC 8288 allows it to be written")
{
    struct Case {
        std::string_view story, header, want;
    };
    const Case cases[] = {
        {"none", "", ""},
        {"GitHub's", R"(<https://a/b?page=2>; rel="next", <https://a/b?page=9>; rel="last")", "https://a/b?page=2"},
        {"behind others", R"(<https://a/b?page=1>; rel="prev", <https://a/b?page=3>; rel="next")",
         "https://a/b?page=3"},
        {"on the last page", R"(<https://a/b?page=1>; rel="first", <https://a/b?page=8>; rel="prev")", ""},
        {"with a comma in the target", R"(<https://a/b?ids=1,2&page=2>; rel="next")", "https://a/b?ids=1,2&page=2"},
        {"without quotes", "<https://a/2>;rel=next", "https://a/2"},
        {"with another parameter first", R"(<https://a/2>; title="x"; rel="next")", "https://a/2"},
        {"a broken one", "<https://a/2; rel=\"next\"", ""},
        {"words", "next", ""},
        {"brackets the wrong way round", ">; rel=\"next\" <", ""},
    };
    for (const auto& [story, header, want] : cases) {
        CAPTURE(story);
        CHECK(find_next_link(header) == want);
    }
}

TEST_CASE("an error status counts only in the forge's own words")
{
    struct Case {
        int status;
        std::string body;
        net::Headers headers;
        ErrorKind want;
    };
    const std::string word = R"({"message":"Not Found"})";
    const std::string page = "<html><body>Sign in</body></html>";
    const Case cases[] = {
        {401, word, {}, ErrorKind::unauthenticated},
        {403, word, {}, ErrorKind::forbidden},
        {404, word, {}, ErrorKind::not_found},
        {410, word, {}, ErrorKind::not_found},
        {409, word, {}, ErrorKind::conflict},
        {422, word, {}, ErrorKind::invalid},
        {500, word, {}, ErrorKind::unavailable},
        {502, page, {}, ErrorKind::unavailable},
        {404, page, {}, ErrorKind::unavailable},
        {404, "", {}, ErrorKind::unavailable},
        {404, "404 page not found\n", {}, ErrorKind::unavailable},
        {404, R"(["message"])", {}, ErrorKind::unavailable},
        {401, page, {}, ErrorKind::unavailable},
        {403, page, {}, ErrorKind::unavailable},
        {301, R"({"message":"Moved Permanently"})", {{"Location", "https://elsewhere/"}}, ErrorKind::unavailable},
        {429, word, {}, ErrorKind::unavailable},
        {403, word, {{"Retry-After", "60"}}, ErrorKind::unavailable},
        {403, word, {{"X-RateLimit-Remaining", "0"}}, ErrorKind::unavailable},
        {403, word, {{"X-RateLimit-Remaining", "10"}}, ErrorKind::forbidden},
        {403, R"({"message":"You have exceeded a secondary rate limit."})", {}, ErrorKind::unavailable},
    };
    for (const auto& [status, body, headers, want] : cases) {
        CAPTURE(status);
        CAPTURE(body);
        ScriptedHost host([&](const net::HttpRequest&) { return reply(status, body, headers); });
        auto client = client_of(host);
        const auto got = client.get("/thing");
        REQUIRE_FALSE(got);
        CHECK(to_string(got.error().kind) == to_string(want));
        CHECK(got.error().evidence == body);
        CHECK(client.for_each("/list", [](const Json&) { return RestClient::Continue::yes; }).error().kind == want);
        CHECK(client.remove("/thing").has_value() == (want == ErrorKind::not_found));
    }
}

TEST_CASE("nonsense in place of an object or a list is unavailable, never empty")
{
    for (const std::string body : {"<html>", R"([{"id":1},)", R"({"id")", "\xff\xfe", "7 7"}) {
        CAPTURE(body);
        ScriptedHost host([&](const net::HttpRequest&) { return reply(200, body); });
        auto client = client_of(host);
        CHECK(client.get("/thing").error().kind == ErrorKind::unavailable);
        CHECK(count_elements(client).error().kind == ErrorKind::unavailable);
    }
    for (const std::string body : {"", "{}", "null", "7", R"("list")", R"([1,2])", "[null]", "[[]]"}) {
        CAPTURE(body);
        ScriptedHost host([&](const net::HttpRequest&) { return reply(200, body); });
        auto client = client_of(host);
        CHECK(count_elements(client).error().kind == ErrorKind::unavailable);
    }
}

TEST_CASE("a host that does not answer, or answers too much, is unavailable; what Ramet refuses itself stays refused")
{
    struct Case {
        ErrorKind kind;
        std::string message;
        ErrorKind want;
    };
    const Case cases[] = {
        {ErrorKind::unavailable, "no connection", ErrorKind::unavailable},
        {ErrorKind::timeout, "no complete answer in time", ErrorKind::unavailable},
        {ErrorKind::refused, "the response is larger than 33554432 bytes", ErrorKind::unavailable},
        {ErrorKind::egress_denied, "169.254.169.254 must not be reached", ErrorKind::egress_denied},
        {ErrorKind::cancelled, "stopped", ErrorKind::cancelled},
    };
    for (const auto& [kind, message, want] : cases) {
        CAPTURE(message);
        ScriptedHost host([&](const net::HttpRequest&) -> Result<net::HttpResponse> {
            return std::unexpected(Error{kind, message});
        });
        auto client = client_of(host);
        CHECK(client.get("/thing").error().kind == want);
        CHECK(count_elements(client).error().kind == want);
    }
}

TEST_CASE("all pages are read, wherever the link says that the forge's public address is")
{
    struct Case {
        std::string_view story, next;
    };
    const Case cases[] = {
        {"here", "http://git.test/api/v1/list?limit=2&page=2"},
        {"here by a number instead of a name, as GitHub does", "http://git.test/api/v1/repositories/1/list?page=2"},
        {"at the public address that Gitea was configured with",
         "https://git.example.com/sub/api/v1/list?limit=2&page=2"},
    };
    for (const auto& [story, next] : cases) {
        CAPTURE(story);
        ScriptedHost host([next = next](const net::HttpRequest& request) {
            if (request.url.contains("page=2")) return reply(200, R"([{"id":3}])");
            return reply(200, R"([{"id":1},{"id":2}])", {{"Link", fmt::format("<{}>; rel=\"next\"", next)}});
        });
        auto client = client_of(host);
        CHECK(count_elements(client) == 3);
        for (const auto& request : host.requests)
            CHECK_MESSAGE(request.url.starts_with(api + "/"), "the token goes nowhere else");
    }
}

TEST_CASE("a next page on another host is not followed and the list is unavailable")
{
    for (const std::string next :
         {"https://elsewhere.test/list/other?page=2", "https://git.test.evil.test/x", "http://git.test/api/v10/list2",
          "//elsewhere.test/", "ftp://git.test/api/v1/list", "http://git.test/api/v1/../../admin?page=2"}) {
        CAPTURE(next);
        ScriptedHost host([&](const net::HttpRequest&) {
            return reply(200, R"([{"id":1}])", {{"Link", "<" + next + ">; rel=\"next\""}});
        });
        auto client = client_of(host);
        REQUIRE_FALSE(count_elements(client));
        CHECK(host.requests.size() == 1);
    }
}

TEST_CASE("pages without end, and a page that leads to itself, are unavailable")
{
    int page = 1;
    ScriptedHost endless([&](const net::HttpRequest&) {
        return reply(200, R"([{"id":1}])", {{"Link", fmt::format("<{}/list?page={}>; rel=\"next\"", api, ++page)}});
    });
    auto endless_client = client_of(endless);
    CHECK(count_elements(endless_client).error().kind == ErrorKind::unavailable);
    CHECK(endless.requests.size() <= 500);

    ScriptedHost circle([&](const net::HttpRequest&) {
        return reply(200, "[]", {{"Link", fmt::format("<{}/list?limit=2>; rel=\"next\"", api)}});
    });
    auto circle_client = client_of(circle);
    CHECK(count_elements(circle_client).error().kind == ErrorKind::unavailable);
    CHECK(circle.requests.size() == 1);
}

TEST_CASE("a list that takes too long is unavailable")
{
    int page = 1;
    ScriptedHost host([&](const net::HttpRequest&) {
        return reply(200, "[]", {{"Link", fmt::format("<{}/list?page={}>; rel=\"next\"", api, ++page)}});
    });
    RestClient client(host, {.api_url = api, .list_timeout = std::chrono::milliseconds(0)});
    CHECK(count_elements(client).error().message.contains("too long"));
}

TEST_CASE("one bad page makes the list an error, however good the others were")
{
    ScriptedHost host([](const net::HttpRequest& request) {
        if (request.url.contains("page=2")) return reply(500, "{}");
        return reply(200, R"([{"id":1}])", {{"Link", fmt::format("<{}/list?page=2>; rel=\"next\"", api)}});
    });
    auto client = client_of(host);
    CHECK(count_elements(client).error().kind == ErrorKind::unavailable);
}

TEST_CASE("a name of dots cannot reach another resource")
{
    ScriptedHost host([](const net::HttpRequest&) { return reply(200, "{}"); });
    auto client = client_of(host);
    CHECK(client.get("/repos/acme/../../user").error().kind == ErrorKind::invalid);
    CHECK(client.get("/repos/acme/shop/raw/./x").error().kind == ErrorKind::invalid);
    CHECK(host.requests.empty());
    CHECK_MESSAGE(client.get("/compare/a...b?ref=../x"), "dots within a name and in the query are only dots");
}

TEST_CASE("each request carries the connection's headers, and a body only where there is one")
{
    ScriptedHost host([](const net::HttpRequest&) { return reply(200, "{}"); });
    auto client = client_of(host);
    CHECK(client.get("/thing"));
    CHECK(client.post("/thing", json::object{{"a", 1}}));
    CHECK(host.requests[0].headers.get("authorization") == "token a-token");
    CHECK_FALSE(host.requests[0].headers.contains("content-type"));
    CHECK(host.requests[1].headers.get("content-type") == "application/json");
    CHECK(host.requests[1].body == R"({"a":1})");
}

}  // namespace ramet::forges
