#include "app/preview_decision.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::app;

namespace {

const CommitSha head("1111111111111111111111111111111111111111");
const CommitSha older("2222222222222222222222222222222222222222");

PullRequest open_pull()
{
    PullRequest pull;
    pull.repository = pull.head_repository = {"acme", "shop"};
    pull.number = 7;
    pull.head_commit = head;
    pull.target_branch = "main";
    return pull;
}

PullRequest closed_pull()
{
    auto pull = open_pull();
    pull.state = PullRequestState::closed;
    return pull;
}

PullRequest fork_pull()
{
    auto pull = open_pull();
    pull.head_repository = {"mallory", "shop"};
    return pull;
}

Remembered with_preview(EnvironmentState state, const CommitSha& commit, const CommitSha& submitted,
                        const CommitSha& left = {})
{
    return {.preview = Remembered::Preview{state, commit, submitted, left}};
}

Remembered half_removed(EnvironmentState state, bool was_ended = false)
{
    auto known = with_preview(state, head, head);
    known.preview->is_half_removed = true;
    known.was_ended = was_ended;
    return known;
}

Environment environment_of(std::int64_t pull_request)
{
    Environment environment;
    environment.pull_request = pull_request;
    return environment;
}

}  // namespace

TEST_CASE("what follows from a look is decided by the pull request as it is now and by what is stored")
{
    using enum EnvironmentState;
    const Remembered none;
    const Remembered ended{.was_ended = true};
    struct Row {
        const char* what;
        PullRequest pull;
        Remembered known;
        PreviewAct act;
    };
    const Row rows[] = {
        {"open, and nothing is there", open_pull(), none, PreviewAct::open},
        {"open, and its preview was ended at this head", open_pull(), ended, PreviewAct::nothing},
        {"open, deployed at its head", open_pull(), with_preview(ready, head, head), PreviewAct::nothing},
        {"open, deployed at its head and failed", open_pull(), with_preview(failed, head, head), PreviewAct::nothing},
        {"pushed to", open_pull(), with_preview(ready, older, older), PreviewAct::redeploy},
        {"pushed to while the run of the push before it is under way", open_pull(),
         with_preview(creating, older, older), PreviewAct::redeploy},
        {"the row asks for its head and nothing was submitted", open_pull(), with_preview(creating, head, {}),
         PreviewAct::redeploy},
        {"the row asks for its head and another commit was submitted", open_pull(), with_preview(updating, head, older),
         PreviewAct::redeploy},
        {"forced back to what a run before it was submitted for", open_pull(), with_preview(updating, older, head),
         PreviewAct::redeploy},
        {"a person went back from its head", open_pull(), with_preview(ready, older, older, head), PreviewAct::nothing},
        {"a person went back, and then it was pushed to", open_pull(),
         with_preview(ready, older, older, CommitSha("3333")), PreviewAct::redeploy},
        {"reopened while its preview is removed", open_pull(), with_preview(deleting, older, older),
         PreviewAct::nothing},
        {"reopened after a removal that got stuck", open_pull(), half_removed(needs_human), PreviewAct::restore},
        {"the same, while something of it still serves", open_pull(), half_removed(degraded), PreviewAct::restore},
        {"a removal that a person asked for got stuck", open_pull(), half_removed(needs_human, true),
         PreviewAct::destroy},
        {"reopened after a removal that got stuck, which is tried again", open_pull(), half_removed(deleting),
         PreviewAct::nothing},
        {"closed, and its removal got stuck in the middle", closed_pull(), half_removed(needs_human),
         PreviewAct::destroy},
        {"closed, and nothing is there", closed_pull(), none, PreviewAct::nothing},
        {"closed", closed_pull(), with_preview(ready, head, head), PreviewAct::destroy},
        {"closed while its preview is made", closed_pull(), with_preview(creating, head, head), PreviewAct::destroy},
        {"closed before anything was submitted", closed_pull(), with_preview(creating, head, {}), PreviewAct::destroy},
        {"closed, and its removal got stuck", closed_pull(), with_preview(needs_human, head, head),
         PreviewAct::destroy},
        {"closed, and its preview is being removed", closed_pull(), with_preview(deleting, head, head),
         PreviewAct::nothing},
        {"a fork", fork_pull(), none, PreviewAct::refuse},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        CHECK(decide_preview(PreviewPolicy{}, row.pull, row.known).act == row.act);
    }
}

TEST_CASE("a Git host that does not say what a pull request is changes nothing, whatever is stored")
{
    const Remembered all[] = {{}, {.was_ended = true}, with_preview(EnvironmentState::ready, older, older)};
    for (const auto kind :
         {ErrorKind::unavailable, ErrorKind::timeout, ErrorKind::not_found, ErrorKind::forbidden, ErrorKind::invalid})
        for (const auto& known : all) {
            const auto decision = decide_preview(PreviewPolicy{}, fail(kind, "nothing"), known);
            CHECK(decision.act == PreviewAct::unknown);
            CHECK(decision.reason == "nothing");
            CHECK(!decision.forgets_ended);
        }
}

TEST_CASE("a preview that somebody ended may come back only after the pull request was away")
{
    CHECK(!decide_preview(PreviewPolicy{}, open_pull(), {.was_ended = true}).forgets_ended);
    CHECK(decide_preview(PreviewPolicy{}, closed_pull(), {.was_ended = true}).forgets_ended);
    PreviewPolicy labelled;
    labelled.trigger.label = "preview";
    CHECK(decide_preview(labelled, open_pull(), {.was_ended = true}).forgets_ended);
}

TEST_CASE("a close that keeps the preview neither ends one nor makes one")
{
    PreviewPolicy policy;
    policy.lifecycle.destroy_on_closed = false;
    CHECK(decide_preview(policy, closed_pull(), {}).act == PreviewAct::nothing);
    CHECK(decide_preview(policy, closed_pull(), with_preview(EnvironmentState::ready, older, older)).act ==
          PreviewAct::nothing);
}

TEST_CASE("the reason of an end is a sentence for people")
{
    const auto decision =
        decide_preview(PreviewPolicy{}, closed_pull(), with_preview(EnvironmentState::ready, head, head));
    CHECK(decision.reason == "the pull request is closed");
}

TEST_CASE("the periodic look reads what is open and needs it, and what has a preview and is not listed, each once")
{
    auto first = open_pull();
    auto second = open_pull();
    second.number = 9;
    const std::vector environments = {environment_of(7), environment_of(5), environment_of(0)};
    const auto looked_at = [&](const std::vector<PullRequest>& open, const std::set<std::int64_t>& needing) {
        return pull_requests_to_look_at(open, environments,
                                        [&](const PullRequest& pull) { return needing.contains(pull.number); });
    };
    REQUIRE(first.number == 7);
    CHECK(looked_at({first, second}, {7, 9}) == std::set<std::int64_t>{5, 7, 9});
    CHECK(looked_at({first, second}, {9}) == std::set<std::int64_t>{5, 9});
    CHECK(looked_at({first, second}, {}) == std::set<std::int64_t>{5});
    CHECK(looked_at({}, {}) == std::set<std::int64_t>{5, 7});
}
