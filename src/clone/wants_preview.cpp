#include "clone/wants_preview.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::clone {
namespace {

Wanted not_wanted(std::string reason)
{
    return {.wish = Wish::not_wanted, .reason = std::move(reason)};
}

Wanted ended(const Lifecycle& lifecycle, PullRequestState state)
{
    const bool is_merged = state == PullRequestState::merged;
    const bool ends = is_merged ? lifecycle.destroy_on_merged : lifecycle.destroy_on_closed;
    auto reason = fmt::format("the pull request is {}", to_string(state));
    if (ends) return not_wanted(std::move(reason));
    return {.wish = Wish::as_it_is, .reason = reason + ", and previews.lifecycle.destroy_on keeps its preview"};
}

bool matches_branch(const Trigger& trigger, const std::string& branch)
{
    // A lone `*` means every branch, those with a slash included.
    return std::ranges::any_of(trigger.branches,
                               [&](const auto& pattern) { return pattern == "*" || matches_glob(pattern, branch); });
}

Wanted of_fork(ForkPolicy policy, const PullRequest& pull_request, const ForkTrust& trust)
{
    if (policy == ForkPolicy::off) return not_wanted("pull requests from forks get no preview (previews.forks: off)");
    if (trust.target == TargetType::local)
        return not_wanted(
            "pull requests from forks get no preview on a local target: nothing there keeps their code apart yet");
    if (policy == ForkPolicy::no_secrets) return {.wish = Wish::wanted, .secrets = ForkSecrets::none};
    if (!trust.approved_commit.empty() && trust.approved_commit == pull_request.head_commit)
        return {.wish = Wish::wanted};
    return {.wish = Wish::awaiting,
            .reason = fmt::format("a fork: {} waits for approval", short_sha(pull_request.head_commit))};
}

}  // namespace

Wanted wants_preview(const PreviewPolicy& policy, const PullRequest& pull_request, const ForkTrust& trust)
{
    const auto& trigger = policy.trigger;
    if (pull_request.state != PullRequestState::open) return ended(policy.lifecycle, pull_request.state);
    if (!trigger.on_pull_request) return not_wanted("pull requests do not trigger previews (previews.trigger.on)");
    if (pull_request.is_draft && !trigger.drafts) return not_wanted("drafts get no preview (previews.trigger.drafts)");
    if (!trigger.label.empty() && std::ranges::count(pull_request.labels, trigger.label) == 0)
        return not_wanted(fmt::format("it has no label '{}' (previews.trigger.label)", trigger.label));
    if (!matches_branch(trigger, pull_request.target_branch))
        return not_wanted(
            fmt::format("its target branch '{}' is none of previews.trigger.branches", pull_request.target_branch));
    if (pull_request.is_fork()) return of_fork(policy.forks, pull_request, trust);
    return {.wish = Wish::wanted};
}

}  // namespace ramet::clone
