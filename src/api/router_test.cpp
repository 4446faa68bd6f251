#include "api/router.hpp"

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

TEST_CASE("an address that is not there is not found, and a method that is not taken is invalid and says which are")
{
    const auto router = make_router();
    for (const std::string_view path : {"/token", "/tokens", "/tokens/a/b", "/environments/pr-1/services"}) {
        CAPTURE(path);
        CHECK(router.find("GET", segments(path)).error().kind == ErrorKind::not_found);
    }
    const auto wrong = router.find("POST", segments("/tokens/1"));
    CHECK(wrong.error().kind == ErrorKind::invalid);
    CHECK(wrong.error().evidence == "allowed: GET, DELETE");
    CHECK(router.find("get", segments("/tokens/1")).error().kind == ErrorKind::invalid);
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
