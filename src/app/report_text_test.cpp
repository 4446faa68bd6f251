#include "app/report_text.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::app;

namespace {

EnvironmentView ready_preview()
{
    EnvironmentView view;
    view.project = "shop";
    view.base = "staging";
    view.environment.name = "pr-42";
    view.environment.pull_request = 42;
    view.environment.state = EnvironmentState::ready;
    view.environment.commit = CommitSha("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334");
    view.urls = {{"web", "http://web-pr-42.localhost:8080"}};
    view.services = {
        {.name = "web", .state = "healthy", .treatment = "rebuilt", .urls = {"http://web-pr-42.localhost:8080"}},
        {.name = "worker", .state = "healthy", .treatment = "copied"}};
    view.databases = {{.name = "db", .type = "postgres", .method = "reflink", .age_seconds = 720, .golden = "g1"}};
    return view;
}

}  // namespace

TEST_CASE("a ready preview's comment has its marker first, then state, table and the ways on")
{
    const auto text = render_comment({.view = ready_preview(), .took = Milliseconds(6412)});
    CHECK(text.starts_with("<!-- ramet:shop:pr-42 -->\n### ✅ Preview ready · pr-42 @ a1b2c3d · 6.4 s\n"));
    CHECK(text.find("| web | rebuilt, healthy | http://web-pr-42.localhost:8080 |") != std::string::npos);
    CHECK(text.find("| db | clone of staging, 12 min old | `ramet db connect pr-42` |") != std::string::npos);
    CHECK(text.find("`ramet why pr-42`") != std::string::npos);
}

TEST_CASE("a failure shows its evidence in a fence that the evidence cannot close")
{
    auto view = ready_preview();
    view.environment.state = EnvironmentState::failed;
    const Error error{ErrorKind::unavailable, "service/web never became healthy", "line\n```\n@everyone ````\n",
                      "ramet why pr-42"};
    const auto text = render_comment({.view = view, .error = error});
    CHECK(text.find("`````text\nline\n```\n@everyone ````\n`````\n") != std::string::npos);
    CHECK(text.find("Preview failed") != std::string::npos);
}

TEST_CASE("what people wrote cannot make markup, mention anybody or leave its line")
{
    struct Case {
        std::string_view story, text, want;
    };
    const Case cases[] = {
        {"plain words stay", "web 1.2 works", "web 1.2 works"},
        {"links are shown, not made", "[x](javascript:y)", "\\[x\\]\\(javascript:y\\)"},
        {"tags are shown", "<img src=x>", "&lt;img src=x&gt;"},
        {"an entity stays as it was typed", "&lt;", "&amp;lt;"},
        {"a line break cannot start a heading", "a\n# b", "a \\# b"},
        {"nobody is called", "@team", "@\u200dteam"},
        {"a table is not broken", "a|b", "a\\|b"},
    };
    for (const auto& [story, text, want] : cases) {
        CAPTURE(story);
        CHECK(escape_markdown(text) == want);
    }
}

TEST_CASE("the commit's status follows the preview's state")
{
    struct Case {
        EnvironmentState state;
        forges::CommitState want;
    };
    const Case cases[] = {
        {EnvironmentState::queued, forges::CommitState::pending},
        {EnvironmentState::creating, forges::CommitState::pending},
        {EnvironmentState::ready, forges::CommitState::success},
        {EnvironmentState::failed, forges::CommitState::failure},
        {EnvironmentState::degraded, forges::CommitState::failure},
        {EnvironmentState::needs_human, forges::CommitState::error},
    };
    for (const auto& [state, want] : cases) {
        auto view = ready_preview();
        view.environment.state = state;
        CAPTURE(to_string(state));
        CHECK(render_status(view).state == want);
    }
    CHECK(render_status(ready_preview()).context == "ramet/shop");
    CHECK(render_status(ready_preview()).target_url == "http://web-pr-42.localhost:8080");
}

TEST_CASE("a refusal and a farewell are edits of the same comment")
{
    CHECK(render_refusal("shop", "pr-7", "forks are off").starts_with(comment_marker("shop", "pr-7")));
    const auto farewell = render_farewell("shop", "pr-7", "pr-7", 12, "0123456789abcdef0123");
    CHECK(farewell.starts_with(comment_marker("shop", "pr-7")));
    CHECK(farewell.find("12 resources are gone") != std::string::npos);
}
