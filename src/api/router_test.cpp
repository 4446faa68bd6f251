#include "api/router.hpp"

#include "api/api_house.hpp"
#include "base/text.hpp"

#include <doctest/doctest.h>

namespace ramet::api {

namespace {

Result<Reply> nothing(const Ask&)
{
    return Reply{};
}

Route route(std::string method, std::string pattern)
{
    return {std::move(method), std::move(pattern), Policy::open(), nothing};
}

std::vector<std::string> segments(std::string_view path)
{
    auto parts = split(path, '/');
    std::erase(parts, "");
    return parts;
}

Router make_router()
{
    auto router =
        Router::make({route("GET", "/tokens/{id}"), route("GET", "/tokens/self"), route("DELETE", "/tokens/{id}"),
                      route("GET", "/environments/{name}/services/{service}"), route("GET", "/")});
    REQUIRE(router);
    return std::move(*router);
}

}  // namespace

TEST_CASE("a request goes to the route whose literal segments it matches best")
{
    const auto router = make_router();
    struct Case {
        std::string_view method, path, want;
    };
    const Case cases[] = {
        {"GET", "/tokens/self", "/tokens/self"},
        {"GET", "/tokens/selfish", "/tokens/{id}"},
        {"DELETE", "/tokens/self", "/tokens/{id}"},
        {"GET", "/environments/pr-1/services/web", "/environments/{name}/services/{service}"},
        {"GET", "/", "/"},
    };
    for (const auto& [method, path, want] : cases) {
        CAPTURE(path);
        const auto match = router.find(method, segments(path));
        REQUIRE(match);
        CHECK(match->route->pattern == want);
    }
}

TEST_CASE("a path's parts in braces are given by name, decoded once")
{
    const auto router = make_router();
    const auto match = router.find("GET", {"environments", "a/b", "services", "%2e"});
    REQUIRE(match);
    CHECK(match->path.find("name")->second == "a/b");
    CHECK(match->path.find("service")->second == "%2e");
}

TEST_CASE("an address that is not there is not found, and one that does not take a method says which it takes")
{
    const auto router = make_router();
    for (const std::string_view path : {"/token", "/tokens", "/tokens/a/b", "/environments/pr-1/services"}) {
        CAPTURE(path);
        CHECK(router.find("GET", segments(path)).error().kind == ErrorKind::not_found);
    }
    struct Case {
        std::string_view method, path, allowed;
    };
    const Case cases[] = {
        {"POST", "/tokens/1", "GET, HEAD, DELETE"},
        {"PUT", "/tokens/self", "GET, HEAD, DELETE"},
        {"get", "/tokens/1", "GET, HEAD, DELETE"},
        {"DELETE", "/", "GET, HEAD"},
    };
    for (const auto& [method, path, allowed] : cases) {
        CAPTURE(method);
        CAPTURE(path);
        const auto match = router.find(method, segments(path));
        REQUIRE(match);
        CHECK(match->route == nullptr);
        CHECK(join(match->allowed, ", ") == allowed);
    }
}

TEST_CASE("a known address answers a wrong method with 405 and Allow, to everybody; an unknown one with 404")
{
    testing::ApiHouse house;
    struct Case {
        std::string method, path;
        int status;
        std::string allow;
    };
    const Case cases[] = {
        {"DELETE", "/api/v1/previews", 405, "GET, HEAD, POST"},
        {"PUT", "/api/v1/previews/pr-1", 405, "GET, HEAD, DELETE"},
        {"GET", "/api/v1/previews/pr-1/redeploy", 405, "POST"},
        {"POST", "/healthz", 405, "GET, HEAD"},
        {"GET", "/hooks/gitea/shop", 405, "POST"},
        {"BREW", "/api/v1/tokens", 405, "GET, HEAD, POST"},
        {"GET", "/api/v1/pots", 404, ""},
        {"BREW", "/api/v1/pots", 404, ""},
    };
    for (const auto& [method, path, status, allow] : cases)
        for (const std::string token : {"", "none"}) {
            CAPTURE(method + " " + path);
            const auto response = house.call(method, path, {.token = token});
            CHECK(response.status == status);
            CHECK(response.headers.get("allow") == allow);
            CHECK(response.headers.get("content-type") == "application/problem+json");
            CHECK(get_int(testing::body_of(response), "status") == status);
        }
}

TEST_CASE("HEAD answers like GET, without the body")
{
    testing::ApiHouse house;
    house.house.connect();
    for (const std::string path :
         {"/api/v1/environments", "/api/v1/environments/staging", "/healthz", "/openapi.json",
          "/api/v1/environments/none", "/api/v1/events", "/api/v1/environments/staging/logs"}) {
        CAPTURE(path);
        const auto head = house.call("HEAD", path);
        CHECK(head.body.empty());
        if (path.ends_with("/events")) {
            CHECK(head.status == 200);
            continue;
        }
        const auto whole = house.call("GET", path);
        CHECK(head.status == whole.status);
        for (const auto* name : {"Content-Type", "ETag", "Content-Length"})
            if (std::string_view(name) != "Content-Length" || whole.status == 200)
                CHECK(head.headers.get(name) == whole.headers.get(name));
    }
    net::Headers same;
    same.set("If-None-Match", house.call("GET", "/api/v1/environments/staging").headers.get("ETag"));
    CHECK(house.call("HEAD", "/api/v1/environments/staging", {.headers = same}).status == 304);
    CHECK(house.call("HEAD", "/api/v1/environments", {.token = "none"}).status == 401);
    CHECK(house.call("HEAD", "/api/v1/plans").status == 405);
}

TEST_CASE("a route without a policy, without one handler, or there twice, stops the server from starting")
{
    auto no_policy = route("GET", "/a");
    no_policy.policy = {};
    auto no_handler = route("GET", "/a");
    no_handler.handle = {};
    auto two_handlers = route("GET", "/a");
    two_handlers.handle_stream = [](const Ask&, const net::Responder&) { return Result<void>(); };
    CHECK(Router::make({no_policy}).error().message.contains("/a has no policy"));
    CHECK(Router::make({no_handler}).error().message.contains("one handler"));
    CHECK(Router::make({two_handlers}).error().message.contains("one handler"));
    CHECK(Router::make({route("GET", "/a"), route("GET", "/a")}).error().message.contains("stands twice"));
    CHECK(Router::make({route("GET", "/a"), route("POST", "/a")}));
}

}  // namespace ramet::api
