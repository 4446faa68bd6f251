#include "clone/wants_preview.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::clone;

namespace {

PullRequest open_pull_request()
{
    return {.repository = {"acme", "shop"},
            .number = 42,
            .head_commit = CommitSha(std::string(40, 'a')),
            .head_repository = {"acme", "shop"},
            .target_branch = "main",
            .labels = {"preview"}};
}

}  // namespace

TEST_CASE("whether a pull request gets a preview follows the policy")
{
    struct Case {
        std::string_view story;
        std::function<void(PreviewPolicy&, PullRequest&)> change;
        Wish want;
        std::string_view reason;
    };
    const Case cases[] = {
        {"an open one does", [](auto&, auto&) {}, Wish::wanted, ""},
        {"a closed one does not", [](auto&, auto& pr) { pr.state = PullRequestState::closed; }, Wish::not_wanted,
         "is closed"},
        {"a merged one does not", [](auto&, auto& pr) { pr.state = PullRequestState::merged; }, Wish::not_wanted,
         "is merged"},
        {"a merged one that is kept",
         [](auto& p, auto& pr) {
             pr.state = PullRequestState::merged;
             p.lifecycle.destroy_on_merged = false;
         },
         Wish::as_it_is, "destroy_on"},
        {"a draft does", [](auto&, auto& pr) { pr.is_draft = true; }, Wish::wanted, ""},
        {"a draft where none are wanted",
         [](auto& p, auto& pr) {
             pr.is_draft = true;
             p.trigger.drafts = false;
         },
         Wish::not_wanted, "drafts"},
        {"with the label", [](auto& p, auto&) { p.trigger.label = "preview"; }, Wish::wanted, ""},
        {"without the label", [](auto& p, auto&) { p.trigger.label = "env"; }, Wish::not_wanted, "no label 'env'"},
        {"into a branch that matches",
         [](auto& p, auto& pr) {
             p.trigger.branches = {"release/*"};
             pr.target_branch = "release/1";
         },
         Wish::wanted, ""},
        {"into a branch that does not", [](auto& p, auto&) { p.trigger.branches = {"release/*"}; }, Wish::not_wanted,
         "target branch 'main'"},
        {"a stacked one", [](auto&, auto& pr) { pr.target_branch = "feature/below"; }, Wish::wanted, ""},
        {"a trigger that is off", [](auto& p, auto&) { p.trigger.on_pull_request = false; }, Wish::not_wanted,
         "trigger.on"},
        {"a fork", [](auto&, auto& pr) { pr.head_repository = {"eve", "shop"}; }, Wish::not_wanted, "forks: off"},
        {"a fork that is gone", [](auto&, auto& pr) { pr.head_repository = {}; }, Wish::not_wanted, "forks: off"},
    };
    for (const auto& [story, change, want, reason] : cases) {
        CAPTURE(story);
        PreviewPolicy policy;
        auto pull_request = open_pull_request();
        change(policy, pull_request);
        const auto wanted = wants_preview(policy, pull_request, {});
        CHECK(wanted.wish == want);
        CHECK(wanted.reason.find(reason) != std::string::npos);
        CHECK(wanted.reason.empty() == (want == Wish::wanted));
    }
}

TEST_CASE(
    "a fork's preview is bound to an approved commit, or gets no secrets, and never runs where nothing keeps it apart")
{
    auto fork = open_pull_request();
    fork.head_repository = {"eve", "shop"};
    PreviewPolicy policy;
    policy.forks = ForkPolicy::approve;
    CHECK(wants_preview(policy, fork, {.target = TargetType::kubernetes}).wish == Wish::awaiting);
    CHECK(wants_preview(policy, fork,
                        {.target = TargetType::kubernetes, .approved_commit = CommitSha(std::string(40, 'b'))})
              .wish == Wish::awaiting);
    CHECK(wants_preview(policy, fork, {.target = TargetType::kubernetes, .approved_commit = fork.head_commit}).wish ==
          Wish::wanted);
    CHECK(wants_preview(policy, fork, {.target = TargetType::local, .approved_commit = fork.head_commit}).wish ==
          Wish::not_wanted);
    policy.forks = ForkPolicy::no_secrets;
    const auto wanted = wants_preview(policy, fork, {.target = TargetType::kubernetes});
    CHECK(wanted.wish == Wish::wanted);
    CHECK(wanted.secrets == ForkSecrets::none);
    CHECK(wants_preview(policy, fork, {.target = TargetType::local}).wish == Wish::not_wanted);
}
