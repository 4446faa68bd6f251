#include "simulation/git_host.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

namespace {

constexpr std::size_t listed_per_page = 2;
constexpr Milliseconds held_at_most{60'000};
const RepositoryName repository{"acme", "shop"};

std::string words_of(const PullRequest& pull)
{
    auto words = fmt::format("{} at {} into {}", to_string(pull.state), name_of(pull.head_commit), pull.target_branch);
    if (pull.is_draft) words += ", a draft";
    for (const auto& label : pull.labels) words += ", labelled " + label;
    return words;
}

}  // namespace

std::string name_of(const CommitSha& commit)
{
    const auto& text = commit.str();
    const auto first = text.find_first_not_of('0');
    return first == std::string::npos ? "no commit" : "c" + text.substr(first);
}

GitHost::GitHost(EventQueue& queue, SeededRandom& random, Trace& trace, Provider& provider, HostChecker& checker)
    : queue_(queue), random_(random), trace_(trace), provider_(provider), checker_(checker)
{
}

CommitSha GitHost::make_commit()
{
    return CommitSha(fmt::format("{:040}", ++commits_));
}

std::vector<std::int64_t> GitHost::numbers() const
{
    std::vector<std::int64_t> all;
    for (const auto& [number, pull] : pulls_) all.push_back(number);
    return all;
}

std::int64_t GitHost::open(const std::string& target_branch, bool is_fork)
{
    const auto number = static_cast<std::int64_t>(pulls_.size()) + 1;
    auto& pull = pulls_[number];
    pull.commits = {make_commit()};
    change(number, is_fork ? "is opened from a fork" : "is opened", [&](PullRequest& now) {
        now.repository = now.head_repository = repository;
        if (is_fork) now.head_repository.owner = "mallory";
        now.number = number;
        now.head_branch = fmt::format("feature-{}", number);
        now.head_commit = pull.commits.back();
        now.target_branch = target_branch;
    });
    return number;
}

void GitHost::push(std::int64_t number)
{
    auto& commits = pulls_.at(number).commits;
    commits.push_back(make_commit());
    change(number, "is pushed to", [&](PullRequest& now) { now.head_commit = commits.back(); });
}

void GitHost::force_back(std::int64_t number)
{
    auto& commits = pulls_.at(number).commits;
    if (commits.size() < 2) return;
    commits.pop_back();
    change(number, "is forced back", [&](PullRequest& now) { now.head_commit = commits.back(); });
}

void GitHost::set_state(std::int64_t number, PullRequestState state)
{
    const auto* word = state == PullRequestState::open     ? "is reopened"
                       : state == PullRequestState::merged ? "is merged"
                                                           : "is closed";
    change(number, word, [&](PullRequest& now) { now.state = state; });
}

void GitHost::set_draft(std::int64_t number, bool is_draft)
{
    change(number, is_draft ? "becomes a draft" : "is ready for review",
           [&](PullRequest& now) { now.is_draft = is_draft; });
}

void GitHost::set_label(std::int64_t number, const std::string& label, bool is_set)
{
    change(number, is_set ? "gets a label" : "loses its labels", [&](PullRequest& now) {
        now.labels.clear();
        if (is_set) now.labels.push_back(label);
    });
}

void GitHost::retarget(std::int64_t number, const std::string& branch)
{
    change(number, "is retargeted", [&](PullRequest& now) { now.target_branch = branch; });
}

void GitHost::change(std::int64_t number, const std::string& what, const std::function<void(PullRequest&)>& how)
{
    auto& pull = pulls_.at(number);
    how(pull.now);
    pull.history.push_back({queue_.monotonic(), pull.now});
    note(fmt::format("#{} {}: {}", number, what, words_of(pull.now)));
    checker_.on_pull_request(queue_.monotonic(), pull.now);
    send(number);
}

void GitHost::deliver_after(Milliseconds delay, const Webhook& webhook)
{
    queue_.add(queue_.monotonic() + delay, [this, webhook] {
        if (deliver) deliver(webhook);
    });
}

void GitHost::release_held(Milliseconds delay)
{
    if (!held_) return;
    deliver_after(delay, *held_);
    held_.reset();
}

void GitHost::send(std::int64_t number)
{
    if (provider_.happens(Fault::lost_webhook)) return;
    const Webhook webhook{++deliveries_, get(number)};
    if (!held_ && provider_.happens(Fault::reordered_webhook)) {
        held_ = webhook;
        queue_.add(queue_.monotonic() + held_at_most, [this, delivery = webhook.delivery] {
            if (held_ && held_->delivery == delivery) release_held(Milliseconds{0});
        });
        return;
    }
    auto delay = Milliseconds{random_.between(0, 200)};
    if (provider_.happens(Fault::late_webhook)) delay += Milliseconds{random_.between(1'000, 60'000)};
    deliver_after(delay, webhook);
    if (provider_.happens(Fault::doubled_webhook))
        deliver_after(delay + Milliseconds{random_.between(0, 20'000)}, webhook);
    release_held(delay + Milliseconds{1});
}

/// How it is, or with bad luck how it was.
std::optional<PullRequest> GitHost::seen(const Pull& pull)
{
    if (!provider_.happens(Fault::stale_answer)) return pull.now;
    const auto then = queue_.monotonic() - Milliseconds{random_.between(1, most_stale.count())};
    std::optional<PullRequest> past;
    for (const auto& version : pull.history)
        if (version.at <= then) past = version.pull;
    return past;
}

Result<PullRequest> GitHost::answer(std::int64_t number)
{
    if (provider_.happens(Fault::host_error)) return fail(ErrorKind::unavailable, "the Git host answers 502");
    if (provider_.happens(Fault::host_timeout)) return fail(ErrorKind::timeout, "the Git host does not answer");
    if (provider_.happens(Fault::host_throttled)) return fail(ErrorKind::unavailable, "the Git host answers 429");
    if (provider_.happens(Fault::hidden_for_a_moment)) return fail(ErrorKind::not_found, "the Git host answers 404");
    const auto found = pulls_.find(number);
    const auto pull = found == pulls_.end() ? std::nullopt : seen(found->second);
    if (!pull) return fail(ErrorKind::not_found, "the Git host answers 404");
    note(fmt::format("        Git host: #{} is {}", number, words_of(*pull)));
    return *pull;
}

Result<std::vector<PullRequest>> GitHost::answer_open()
{
    std::vector<PullRequest> open;
    std::size_t listed = 0;
    for (const auto& [number, pull] : pulls_) {
        if (listed++ % listed_per_page == 0 && provider_.happens(Fault::failed_host_listing))
            return fail(ErrorKind::unavailable, "the Git host answers 502 to page {}", listed / listed_per_page + 1);
        const auto seen_now = seen(pull);
        if (seen_now && seen_now->state == PullRequestState::open) open.push_back(*seen_now);
    }
    return open;
}

Result<void> GitHost::answer_fetch(std::int64_t number, const CommitSha& commit)
{
    if (provider_.happens(Fault::failed_fetch)) return fail(ErrorKind::unavailable, "the repository does not answer");
    if (std::ranges::find(pulls_.at(number).commits, commit) == pulls_.at(number).commits.end())
        return fail(ErrorKind::not_found, "the commit {} is gone", name_of(commit));
    return {};
}

}  // namespace ramet::simulation
