#include "app/preview_decision.hpp"

#include "clone/wants_preview.hpp"

namespace ramet::app {

namespace {

PreviewAct act_on_wanted(const PullRequest& pull, const Remembered& known)
{
    if (!known.preview) return known.was_ended ? PreviewAct::nothing : PreviewAct::open;
    const auto& preview = *known.preview;
    // Its end is followed by another look.
    if (preview.state == EnvironmentState::deleting) return PreviewAct::nothing;
    // A removal that got stuck goes on when a person asked for it. A pull request that was reopened has its preview again.
    if (preview.is_half_removed) return known.was_ended ? PreviewAct::destroy : PreviewAct::restore;
    // An attempt that could not decide anything (the repository did not answer) has changed the row and submitted nothing.
    if (preview.commit == pull.head_commit && preview.submitted == pull.head_commit) return PreviewAct::nothing;
    if (preview.left == pull.head_commit) return PreviewAct::nothing;
    return PreviewAct::redeploy;
}

/// A fork, for one, is told why; a pull request that merely has not the label is left in peace.
bool is_worth_telling(const PullRequest& pull)
{
    return pull.is_fork() && pull.state == PullRequestState::open;
}

PreviewAct act_on_unwanted(clone::Wish wish, const PullRequest& pull, const Remembered& known)
{
    if (wish == clone::Wish::as_it_is) return PreviewAct::nothing;
    if (!known.preview) return is_worth_telling(pull) ? PreviewAct::refuse : PreviewAct::nothing;
    const bool ends = wish == clone::Wish::not_wanted && known.preview->state != EnvironmentState::deleting;
    return ends ? PreviewAct::destroy : PreviewAct::nothing;
}

}  // namespace

PreviewDecision decide_preview(const PreviewPolicy& policy, const Result<PullRequest>& answer, const Remembered& known)
{
    // "Not found" as well: a Git host says it of what it hides for a moment. Closed is what it says is closed.
    if (!answer) return {.act = PreviewAct::unknown, .reason = answer.error().message};
    auto wish = clone::wants_preview(policy, *answer, {});
    if (wish.wish == clone::Wish::wanted)
        return {.act = act_on_wanted(*answer, known), .reason = "its removal goes on"};
    return {.act = act_on_unwanted(wish.wish, *answer, known), .reason = std::move(wish.reason), .forgets_ended = true};
}

std::set<std::int64_t> pull_requests_to_look_at(const std::vector<PullRequest>& open,
                                                const std::vector<Environment>& environments,
                                                const std::function<bool(const PullRequest&)>& needs_look)
{
    std::set<std::int64_t> numbers;
    for (const auto& environment : environments)
        if (environment.pull_request != 0) numbers.insert(environment.pull_request);
    for (const auto& pull : open) {
        if (needs_look(pull))
            numbers.insert(pull.number);
        else
            numbers.erase(pull.number);
    }
    return numbers;
}

}  // namespace ramet::app
