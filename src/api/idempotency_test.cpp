#include "api/idempotency.hpp"

#include "api/api_house.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

namespace ramet::api {

using testing::ApiHouse;
using testing::body_of;
using testing::must;

namespace {

/// What the routes of these tests were asked to do.
struct Work {
    std::atomic<int> done = 0;
    std::atomic<bool> is_held = false;
    std::atomic<int> fails = 0;

    Result<Reply> work(const Ask& ask)
    {
        const int number = ++done;
        while (is_held) std::this_thread::yield();
        if (fails > 0 && fails-- > 0) return fail(ErrorKind::unavailable, "the Git host does not answer");
        if (get_bool(ask.body, "throws")) throw std::runtime_error("broken");
        return Reply{.status = 202, .body = json::object{{"number", number}}, .location = "/api/v1/runs/r1"};
    }
    std::vector<Route> routes()
    {
        auto table = all_routes();
        const auto handle = [this](const Ask& ask) { return work(ask); };
        const auto policy = Policy::at_least(app::Role::deployer);
        table.push_back({.method = "POST", .pattern = "/work", .policy = policy, .handle = handle});
        table.push_back({.method = "POST", .pattern = "/work/{name}", .policy = policy, .handle = handle});
        table.push_back({.method = "PUT", .pattern = "/work", .policy = policy, .handle = handle});
        table.push_back({.method = "POST", .pattern = "/open", .policy = Policy::open(), .handle = handle});
        table.push_back({.method = "POST",
                         .pattern = "/look",
                         .policy = policy,
                         .handle = handle,
                         .repetition = Repetition::does_no_harm});
        return table;
    }
};

struct Fixture {
    Work work;
    ApiHouse house{work.routes()};

    net::HttpResponse post(const std::string& path, const std::string& key, const std::string& body = "{}",
                           const std::string& token = {})
    {
        return house.call("POST", path, {.body = body, .headers = {{"Idempotency-Key", key}}, .token = token});
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a repetition gets the first answer again, marked, and nothing is done twice")
{
    const auto first = post("/work", "k-1");
    CHECK(first.status == 202);
    CHECK_FALSE(first.headers.contains("idempotent-replayed"));
    for (int repetition = 0; repetition < 3; ++repetition) {
        const auto again = post("/work", "k-1");
        CHECK(again.status == first.status);
        CHECK(again.body == first.body);
        for (const std::string_view name : {"location", "content-type", "cache-control", "x-content-type-options"})
            CHECK(again.headers.get(name) == first.headers.get(name));
        CHECK(again.headers.get("idempotent-replayed") == "true");
    }
    CHECK(work.done == 1);
    CHECK(get_int(body_of(post("/work", "k-2")), "number") == 2);
    CHECK(house.call("POST", "/work").status == 202);
    CHECK(work.done == 3);
}

TEST_CASE_FIXTURE(Fixture, "a key that comes with another request is refused, whatever differs")
{
    post("/work?project=shop", "k", R"({"a":1})");
    struct Case {
        std::string story, path, body;
        int status;
    };
    const Case cases[] = {
        {"another body", "/work?project=shop", R"({"a":2})", 422},
        {"no body", "/work?project=shop", "", 422},
        {"another query", "/work?project=blog", R"({"a":1})", 422},
        {"no query", "/work", R"({"a":1})", 422},
        {"another path", "/work/project?shop", R"({"a":1})", 422},
        {"the same", "/work?project=shop", R"({"a":1})", 202},
    };
    for (const auto& [story, path, body, status] : cases) {
        CAPTURE(story);
        const auto response = post(path, "k", body);
        CHECK(response.status == status);
        if (status != 422) continue;
        const auto problem = body_of(response);
        CHECK(get_string(problem, "code") == "invalid");
        CHECK(get_string(get_member(problem, "errors").as_array().front(), "where") == "Idempotency-Key");
    }
    CHECK(work.done == 1);
}

TEST_CASE_FIXTURE(Fixture, "while the first request is being worked on its repetition is told to ask again")
{
    work.is_held = true;
    auto first = std::async(std::launch::async, [&] { return post("/work", "k"); });
    REQUIRE(ramet::testing::wait_until([&] { return work.done == 1; }));
    const auto early = post("/work", "k");
    CHECK(early.status == 409);
    CHECK(early.headers.get("retry-after") == "1");
    CHECK(get_string(body_of(early), "code") == "conflict");
    CHECK(post("/work", "k", R"({"other":true})").status == 422);
    work.is_held = false;
    const auto answered = first.get();
    CHECK(answered.status == 202);
    CHECK(post("/work", "k").body == answered.body);
    CHECK(work.done == 1);
}

TEST_CASE_FIXTURE(Fixture, "many requests with one key at once are worked on once")
{
    std::vector<std::future<net::HttpResponse>> all;
    for (int i = 0; i < 6; ++i) all.push_back(std::async(std::launch::async, [&] { return post("/work", "k"); }));
    for (auto& one : all) {
        const auto status = one.get().status;
        CHECK((status == 202 || status == 409));
    }
    CHECK(work.done == 1);
}

TEST_CASE_FIXTURE(Fixture, "a request that failed may be tried again with its key")
{
    work.fails = 1;
    CHECK(post("/work", "k").status == 503);
    CHECK(post("/work", "k").status == 202);
    CHECK(post("/work", "k").headers.contains("idempotent-replayed"));
    CHECK(work.done == 2);
    CHECK(post("/work", "broken", R"({"throws":true})").status == 500);
    CHECK(post("/work", "broken", R"({"throws":true})").status == 500);
    CHECK(post("/work", "broken", R"({"throws":false})").status == 202);
}

TEST_CASE_FIXTURE(Fixture, "a key is its token's own")
{
    const auto other = house.token({.name = "ci", .role = app::Role::deployer});
    const auto viewer = house.token({.name = "eyes", .role = app::Role::viewer});
    post("/work", "k");
    CHECK(get_int(body_of(post("/work", "k", "{}", other)), "number") == 2);
    CHECK(post("/work", "k", R"({"other":1})", other).status == 422);
    // Who may not ask gets no kept answer either.
    CHECK(post("/work", "k", "{}", viewer).status == 403);
    CHECK(post("/work", "k", "{}", "none").status == 401);
    CHECK(work.done == 2);
}

TEST_CASE_FIXTURE(Fixture, "keys are visible characters, at most 255")
{
    struct Case {
        std::string key;
        int status;
    };
    const Case cases[] = {
        {"a", 202},
        {"\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", 202},
        {std::string(255, 'x'), 202},
        {"", 422},
        {std::string(256, 'x'), 422},
        {"two words", 422},
    };
    for (const auto& [key, status] : cases) {
        CAPTURE(key);
        CHECK(post("/work", key).status == status);
    }
}

TEST_CASE_FIXTURE(Fixture, "a key means nothing where nothing can happen twice")
{
    for (const std::string path : {"/open", "/look"}) {
        CAPTURE(path);
        CHECK(get_int(body_of(post(path, "k")), "number") != get_int(body_of(post(path, "k")), "number"));
    }
    const auto put = [&] { return house.call("PUT", "/work", {.headers = {{"Idempotency-Key", "k"}}}); };
    CHECK(get_int(body_of(put()), "number") != get_int(body_of(put()), "number"));
}

TEST_CASE_FIXTURE(Fixture, "a token is made once, and its text is not kept for a repetition")
{
    const auto made = post("/api/v1/tokens", "k", R"({"name":"ci"})");
    CHECK(made.status == 201);
    const auto text = get_string(body_of(made), "token");
    REQUIRE(text.starts_with("ramet_"));
    const auto again = post("/api/v1/tokens", "k", R"({"name":"ci"})");
    CHECK(again.status == 409);
    CHECK_FALSE(again.body.contains(text));
    CHECK(get_string(body_of(again), "next_step").contains("ramet token list"));
    int count = 0;
    for (const auto& token : must(app::list_tokens(*house.house.app, house.house.admin))) count += token.name == "ci";
    CHECK(count == 1);
    for (const auto& entry : std::filesystem::directory_iterator(house.house.directory / "state")) {
        CAPTURE(entry.path().string());
        CHECK_FALSE(must(read_file(entry.path())).contains(text));
    }
}

TEST_CASE_FIXTURE(Fixture, "after a day a key is free again")
{
    post("/work", "k");
    house.house.clock.jump(storage::IdempotencyKeys::kept_for + std::chrono::minutes(1));
    CHECK_FALSE(post("/work", "k").headers.contains("idempotent-replayed"));
    CHECK(work.done == 2);
}

TEST_CASE("no route that hands out a secret keeps its reply")
{
    for (const auto& route : all_routes()) {
        CAPTURE(route.pattern);
        const bool makes_token = route.method == "POST" && route.pattern == "/api/v1/tokens";
        CHECK((route.repetition == Repetition::gets_no_secret) == makes_token);
    }
}

}  // namespace ramet::api
