#include "forges/test_host.hpp"

#include "forges/pull_request_json.hpp"

namespace ramet::forges {

using namespace testing;

TEST_CASE("a pull request is read whole")
{
    const auto read = read_pull_request(pull_request_json(), shop);
    REQUIRE(read);
    PullRequest want{.repository = shop,
                     .number = 7,
                     .title = "A change",
                     .author = "alice",
                     .author_id = "3",
                     .head_branch = "feature",
                     .head_commit = CommitSha(commit_text),
                     .head_repository = shop,
                     .target_branch = "main",
                     .labels = {"preview"},
                     .web_url = "http://git.test/7"};
    CHECK(*read == want);
    CHECK_FALSE(read->is_fork());
}

TEST_CASE("a link that is no web address is none")
{
    for (const std::string url : {"javascript:alert(1)", "data:text/html,x", "//evil", " https://git.test"}) {
        CAPTURE(url);
        auto object = pull_request_json();
        object["html_url"] = url;
        CHECK(read_pull_request(object, shop)->web_url.empty());
    }
}

TEST_CASE("a pull request's state is open, closed or merged, in either forge's words")
{
    struct Case {
        std::string_view story, state;
        Json merged, merged_at;
        PullRequestState want;
    };
    const Case cases[] = {
        {"open", "open", false, nullptr, PullRequestState::open},
        {"closed", "closed", false, nullptr, PullRequestState::closed},
        {"merged, in the single object", "closed", true, "2026-01-01T00:00:00Z", PullRequestState::merged},
        {"merged, in GitHub's lists, which have no `merged`", "closed", nullptr, "2026-01-01T00:00:00Z",
         PullRequestState::merged},
    };
    for (const auto& [story, state, merged, merged_at, want] : cases) {
        CAPTURE(story);
        auto object = pull_request_json();
        object["state"] = state;
        object["merged"] = merged;
        object["merged_at"] = merged_at;
        const auto read = read_pull_request(object, shop);
        REQUIRE(read);
        CHECK(read->state == want);
    }
}

TEST_CASE("a pull request from elsewhere is a fork, also when that repository is gone")
{
    for (const Json& repository : {Json(json::object{{"full_name", "bob/shop"}}), Json(nullptr)}) {
        auto object = pull_request_json();
        object["head"].as_object()["repo"] = repository;
        const auto read = read_pull_request(object, shop);
        REQUIRE(read);
        CHECK(read->is_fork());
    }
}

TEST_CASE("a pull request without what matters is unavailable and names it")
{
    struct Case {
        std::string_view named;
        std::function<void(json::object&)> spoil;
    };
    const Case cases[] = {
        {"number", [](json::object& o) { o.erase("number"); }},
        {"number", [](json::object& o) { o["number"] = "7"; }},
        {"number", [](json::object& o) { o["number"] = -7; }},
        {"state", [](json::object& o) { o.erase("state"); }},
        {"state", [](json::object& o) { o["state"] = "OPEN"; }},
        {"head.sha", [](json::object& o) { o.erase("head"); }},
        {"head.sha", [](json::object& o) { o["head"].as_object()["sha"] = "HEAD"; }},
        {"head.sha", [](json::object& o) { o["head"].as_object()["sha"] = commit_text.substr(1); }},
        {"head.sha", [](json::object& o) { o["head"] = "feature"; }},
        {"base.ref", [](json::object& o) { o["base"] = json::object{}; }},
    };
    for (const auto& [named, spoil] : cases) {
        CAPTURE(named);
        auto object = pull_request_json();
        spoil(object);
        const auto read = read_pull_request(object, shop);
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == ErrorKind::unavailable);
        CHECK(read.error().message.contains(named));
    }
    for (const Json& nonsense : {Json(nullptr), Json(json::array{}), Json("text"), Json(7)})
        CHECK(read_pull_request(nonsense, shop).error().kind == ErrorKind::unavailable);
}

TEST_CASE("a repository's name has an owner and a name, or is empty")
{
    const auto read = [](const Json& full_name) {
        return read_repository_name(json::object{{"full_name", full_name}});
    };
    CHECK(read("acme/shop") == shop);
    CHECK(read("shop") == RepositoryName{});
    CHECK(read("") == RepositoryName{});
    CHECK(read("/shop") == RepositoryName{});
    CHECK(read("acme/") == RepositoryName{});
    CHECK(read("acme/shop/more") == RepositoryName{});
    CHECK(read(7) == RepositoryName{});
}

}  // namespace ramet::forges
