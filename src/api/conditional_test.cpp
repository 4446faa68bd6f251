#include "api/conditional.hpp"

#include "api/api_house.hpp"
#include "base/text.hpp"

#include <future>

namespace ramet::api {

using testing::ApiHouse;
using testing::body_of;

namespace {

std::string describe(const Result<app::Precondition>& precondition)
{
    if (!precondition) return "invalid";
    constexpr std::string_view words[] = {"none", "exists", "absent", "one of", "none of"};
    const auto kind = words[static_cast<std::size_t>(precondition->kind)];
    return std::string(kind) + (precondition->versions.empty() ? "" : ": " + join(precondition->versions, " "));
}

std::string tag_of(const net::HttpResponse& response)
{
    return std::string(response.headers.get("etag"));
}

struct Fixture {
    ApiHouse house;

    net::HttpResponse get(const std::string& path, const net::Headers& headers = {})
    {
        return house.call("GET", path, {.headers = headers});
    }
    int change(const std::string& method, const std::string& path, const net::Headers& headers,
               const std::string& body = {})
    {
        return house.call(method, path, {.body = body, .headers = headers}).status;
    }
};

}  // namespace

TEST_CASE("what If-Match and If-None-Match ask for is read, or refused")
{
    struct Case {
        std::string method, header, text, want;
    };
    const Case cases[] = {
        {"PUT", "If-Match", "*", "exists"},
        {"PUT", "If-Match", " * ", "exists"},
        {"PUT", "If-Match", R"("abc-123")", "one of: abc"},
        {"PUT", "If-Match", R"("abc")", "one of: abc"},
        {"PUT", "If-Match", R"("a-1", "b-2" ,"c")", "one of: a b c"},
        {"PUT", "If-Match", R"(W/"a-1", "b-2")", "one of: b"},
        {"PUT", "If-Match", R"(W/"a-1")", "one of"},
        {"PUT", "If-Match", "", "one of"},
        {"PUT", "If-Match", "abc", "invalid"},
        {"PUT", "If-Match", R"("abc)", "invalid"},
        {"PUT", "If-Match", R"("a" "b")", "invalid"},
        {"PUT", "If-Match", R"(w/"a")", "invalid"},
        {"PUT", "If-None-Match", "*", "absent"},
        {"PUT", "If-None-Match", R"(W/"a-1", "b-2")", "none of: a b"},
        {"DELETE", "If-None-Match", "nonsense", "invalid"},
        {"GET", "If-None-Match", R"("a-1")", "none"},
        {"GET", "If-Match", R"("a-1")", "one of: a"},
        {"PUT", "If-Something", "*", "none"},
    };
    for (const auto& [method, header, text, want] : cases) {
        CAPTURE(method + " " + header + ": " + text);
        CHECK(describe(read_precondition({.method = method, .path = "/", .headers = {{header, text}}})) == want);
    }
}

TEST_CASE("a GET that has the present content is answered 304 without a body")
{
    const net::Response whole{.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = "{}\n"};
    const auto get = [&](const std::string& known) {
        net::Request request{.method = "GET", .path = "/"};
        if (!known.empty()) request.headers.set("If-None-Match", known);
        return with_tag(request, whole, "v1");
    };
    const auto tag = std::string(get("").headers.get("etag"));
    REQUIRE(tag.starts_with("\"v1-"));
    struct Case {
        std::string known;
        int status;
    };
    const Case cases[] = {
        {tag, 304},      {"W/" + tag, 304}, {"\"other\", " + tag, 304}, {"*", 304},
        {"\"v1\"", 200}, {"\"v1-0\"", 200}, {"nonsense", 200},          {"", 200},
    };
    for (const auto& [known, status] : cases) {
        CAPTURE(known);
        const auto response = get(known);
        CHECK(response.status == status);
        CHECK(response.headers.get("etag") == tag);
        CHECK(response.body.empty() == (status == 304));
        CHECK(response.headers.contains("content-type") == (status == 200));
    }
    CHECK_FALSE(with_tag({.method = "PUT", .path = "/"}, whole, "v1").headers.contains("etag"));
    CHECK_FALSE(with_tag({.method = "GET", .path = "/"}, whole, "").headers.contains("etag"));
}

TEST_CASE_FIXTURE(Fixture,
                  "each thing with a version says its tag, is not sent twice, and has another tag after a change")
{
    house.house.connect();
    const auto value = [](int number) { return fmt::format(R"({{"value":"{}"}})", number); };
    house.call("PUT", "/api/v1/variables/LEVEL", {.body = value(1)});
    house.call("PUT", "/api/v1/secrets/key", {.body = "hunter2"});
    struct Case {
        std::string path, change, body;
    };
    const Case cases[] = {
        {"/api/v1/variables/LEVEL", "PUT /api/v1/variables/LEVEL", value(2)},
        {"/api/v1/secrets/key", "PUT /api/v1/secrets/key", "hunter3"},
        {"/api/v1/environments/staging", "", ""},
        {"/api/v1/projects/shop", "", ""},
    };
    for (const auto& [path, change, body] : cases) {
        CAPTURE(path);
        const auto first = get(path);
        REQUIRE(first.status == 200);
        const auto tag = tag_of(first);
        REQUIRE(tag.size() > 2);
        const auto again = get(path, {{"If-None-Match", tag}});
        CHECK(again.status == 304);
        CHECK(again.body.empty());
        CHECK(tag_of(again) == tag);
        CHECK_FALSE(first.body.contains("hunter"));
        if (change.empty()) continue;
        const auto words = split(change, ' ');
        CHECK(house.call(words[0], words[1], {.body = body}).status < 300);
        const auto changed = get(path, {{"If-None-Match", tag}});
        CHECK(changed.status == 200);
        CHECK(tag_of(changed) != tag);
    }
}

TEST_CASE_FIXTURE(Fixture, "a change of what somebody else has changed is refused with 412, and nothing happens")
{
    house.house.connect();
    const std::string variable = "/api/v1/variables/LEVEL", secret = "/api/v1/secrets/key";
    const std::string body = R"({"value":"x"})";
    const auto stale = net::Headers{{"If-Match", "\"0123456789abcdef-0\""}};
    CHECK(change("PUT", variable, {{"If-Match", "*"}}, body) == 412);
    CHECK(change("PUT", variable, stale, body) == 412);
    CHECK(get(variable).status == 404);
    CHECK(change("PUT", variable, {{"If-None-Match", "*"}}, body) == 204);
    CHECK(change("PUT", variable, {{"If-None-Match", "*"}}, R"({"value":"y"})") == 412);
    CHECK(get_string(body_of(get(variable)), "value") == "x");
    CHECK(change("PUT", secret, {{"If-None-Match", "*"}}, "one") == 200);
    CHECK(change("PUT", secret, {{"If-None-Match", "*"}}, "two") == 412);
    CHECK(get_int(body_of(get(secret)), "version") == 1);
    const std::vector<std::string> all{variable, secret, "/api/v1/environments/staging", "/api/v1/projects/shop"};
    for (const auto& path : all) {
        CAPTURE(path);
        CHECK(change("DELETE", path, stale) == 412);
        CHECK(change("DELETE", path, {{"If-Match", "nonsense"}}) == 422);
        CHECK(get(path).status == 200);
    }
    const auto problem = body_of(house.call("DELETE", variable, {.headers = stale}));
    CHECK(get_string(problem, "code") == "conflict");
    CHECK(get_string(get_member(problem, "errors").as_array().front(), "where") == "If-Match");
    // What is right goes through, once.
    const auto tag = tag_of(get(variable));
    CHECK(change("DELETE", variable, {{"If-Match", tag}}) == 204);
    CHECK(change("DELETE", variable, {{"If-Match", tag}}) == 412);
    CHECK(change("DELETE", secret, {{"If-Match", "W/" + tag_of(get(secret))}}) == 412);
    CHECK(change("DELETE", secret, {{"If-Match", "\"x\", " + tag_of(get(secret))}}) == 204);
}

TEST_CASE_FIXTURE(Fixture, "a preview is changed only by who has seen its present version")
{
    house.house.connect();
    const auto number = house.house.open_ready("feature");
    const auto path = fmt::format("/api/v1/previews/pr-{}", number);
    const auto tag = tag_of(get(path));
    const auto by_hand = [&](const std::string& etag) {
        return house.call("POST", path + "/pin", {.body = "{}", .headers = {{"If-Match", etag}}}).status;
    };
    house.house.clock.jump(std::chrono::seconds(1));
    CHECK(by_hand(tag) == 200);
    CHECK(by_hand(tag) == 412);
    CHECK(change("DELETE", path, {{"If-Match", tag}}) == 412);
    CHECK(get(path, {{"If-Match", tag}}).status == 412);
    CHECK(change("DELETE", path, {{"If-Match", tag_of(get(path))}}) == 202);
    house.house.until_gone(fmt::format("pr-{}", number));
}

TEST_CASE_FIXTURE(Fixture, "of two who change the same version at once one is told")
{
    house.house.connect();
    house.call("PUT", "/api/v1/variables/LEVEL", {.body = R"({"value":"0"})"});
    const auto tag = tag_of(get("/api/v1/variables/LEVEL"));
    std::vector<std::future<int>> all;
    for (int i = 1; i <= 4; ++i)
        all.push_back(std::async(std::launch::async, [&, i] {
            return change("PUT", "/api/v1/variables/LEVEL", {{"If-Match", tag}}, fmt::format(R"({{"value":"{}"}})", i));
        }));
    int taken = 0;
    for (auto& one : all) taken += one.get() == 204;
    CHECK(taken == 1);
}

}  // namespace ramet::api
