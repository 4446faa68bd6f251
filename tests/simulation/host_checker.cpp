#include "simulation/host_checker.hpp"

#include "simulation/git_host.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

/// From the moment of which an answer tells to the commit of what was decided by it: a stale answer, slow ones, waiting turns.
constexpr Milliseconds longest_decision{GitHost::most_stale + Milliseconds{120'000}};

bool is_failure(RunState state)
{
    return state == RunState::kept ||
           (is_final(state) && state != RunState::succeeded && state != RunState::superseded);
}

}  // namespace

/// In the words of docs/guide: open, no draft unless wanted, labelled where a label is asked for, into one of the branches, no fork.
bool HostChecker::is_wanted(const PullRequest& pull) const
{
    const auto& trigger = policy.trigger;
    const bool is_labelled = trigger.label.empty() || std::ranges::count(pull.labels, trigger.label) > 0;
    const bool is_of_branch =
        std::ranges::count(trigger.branches, "*") > 0 || std::ranges::count(trigger.branches, pull.target_branch) > 0;
    return pull.state == PullRequestState::open && is_labelled && is_of_branch && (trigger.drafts || !pull.is_draft) &&
           pull.head_repository == pull.repository;
}

/// Closed, and its preview stays all the same.
bool HostChecker::is_kept(const PullRequest& pull) const
{
    return (pull.state == PullRequestState::closed && !policy.lifecycle.destroy_on_closed) ||
           (pull.state == PullRequestState::merged && !policy.lifecycle.destroy_on_merged);
}

void HostChecker::on_pull_request(Milliseconds at, const PullRequest& now)
{
    pulls_[now.number].history.push_back({at, now});
}

void HostChecker::on_answer(int process, std::int64_t number, const Result<PullRequest>& answer)
{
    auto& known = pulls_[number];
    known.last.insert_or_assign(process, answer);
    if (answer) known.told.insert(answer->head_commit);
}

void HostChecker::on_ended_by_hand(Milliseconds at, std::int64_t number)
{
    pulls_[number].asked_to_end = at;
}

bool HostChecker::was_since(const Known& known, Milliseconds since, const std::function<bool(const PullRequest&)>& how)
{
    const auto& history = known.history;
    for (std::size_t version = 0; version < history.size(); ++version) {
        const bool is_over = version + 1 < history.size() && history[version + 1].at < since;
        if (!is_over && how(history[version].pull)) return true;
    }
    return false;
}

bool HostChecker::was_unwanted_since(const Known& known, Milliseconds since) const
{
    if (known.history.empty() || known.history.front().at >= since) return true;
    return was_since(known, since, [this](const PullRequest& pull) { return !is_wanted(pull); });
}

void HostChecker::on_accepted(Milliseconds at, int process, const Batch& batch)
{
    note_begins(at, batch);
    if (!batch.new_run) return;
    const auto& row = *batch.new_run;
    const auto number = get_int(row.note, "pull");
    Run run{row.id, row.owner, row.kind, CommitSha(get_string(row.note, "commit"))};
    const bool is_by_hand = get_bool(row.note, "by_hand");
    if (row.kind == RunKind::apply) check_apply(number, run, is_by_hand);
    if (row.kind == RunKind::destroy) check_destroy(at, process, number);
    auto& known = pulls_[number];
    if (is_by_hand && row.kind == RunKind::destroy) {
        known.ended_head = run.commit;
        known.ended_at = at;
    }
    if (row.status.state != RunState::queued) run.begun_at = at;
    known.runs.push_back(std::move(run));
}

void HostChecker::note_begins(Milliseconds at, const Batch& batch)
{
    for (const auto& change : batch.runs) {
        if (change.status.state == RunState::queued) continue;
        for (auto& [number, known] : pulls_)
            for (auto& run : known.runs)
                if (run.id == change.id && !run.begun_at) run.begun_at = at;
    }
}

void HostChecker::check_apply(std::int64_t number, const Run& run, bool is_by_hand)
{
    const auto& known = pulls_[number];
    if (!known.told.contains(run.commit))
        checker_.violate(fmt::format("{} of #{} was deployed, and the Git host never said that it is its head",
                                     name_of(run.commit), number));
    if (known.runs.empty() || is_by_hand) return;
    if (came_back(known, run.commit))
        checker_.violate(
            fmt::format("somebody ended the preview of #{} at {}, and it is made again", number, name_of(run.commit)));
    const auto& before = known.runs.back();
    const auto* status = checker_.find_status(before.id);
    if (before.owner == run.owner && before.kind == RunKind::apply && before.commit == run.commit && status &&
        !is_failure(status->state))
        checker_.violate(fmt::format("{} of #{} was deployed twice", name_of(run.commit), number));
}

/// Because of what was read, and not of what was not; and rightly so.
void HostChecker::check_destroy(Milliseconds at, int process, std::int64_t number)
{
    const auto& known = pulls_[number];
    if (known.asked_to_end && at - *known.asked_to_end <= longest_decision) return;
    // What a person asked for goes on until it is done.
    const bool goes_on = !known.runs.empty() && known.runs.back().kind == RunKind::destroy && is_ended(known);
    if (goes_on) return;
    const auto last = known.last.find(process);
    if (last == known.last.end() || !last->second)
        checker_.violate(fmt::format("the preview of #{} is destroyed, and nobody knew whether it is closed", number));
    else if (is_wanted(*last->second) || is_kept(*last->second))
        checker_.violate(
            fmt::format("the preview of #{} is destroyed, and the Git host says that it is wanted", number));
    else if (!was_unwanted_since(known, at - longest_decision))
        checker_.violate(
            fmt::format("the preview of #{} is destroyed, and it was open and wanted all the time", number));
}

void HostChecker::on_taken(std::int64_t number, const CommitSha& commit, const CommitSha& had,
                           const CommitSha& submitted)
{
    const auto& runs = pulls_[number].runs;
    const bool is_there = !runs.empty() && runs.back().kind == RunKind::apply && runs.back().commit == commit;
    if (commit == had && commit == submitted && is_there)
        checker_.violate(fmt::format("#{} is at {} already, and is to be updated to it", number, name_of(commit)));
}

/// Nothing but this commit was wanted since a person ended its preview.
bool HostChecker::came_back(const Known& known, const CommitSha& commit) const
{
    if (!known.ended_at || known.ended_head != commit) return false;
    // An answer may be of a moment before.
    const auto since = *known.ended_at - GitHost::most_stale;
    const auto is_other = [&](const PullRequest& pull) { return pull.head_commit != commit; };
    if (was_unwanted_since(known, since) || was_since(known, since, is_other)) return false;
    const auto& newest = known.runs.back();
    return newest.kind == RunKind::destroy && newest.commit == commit;
}

bool HostChecker::is_ended(const Known& known) const
{
    return known.ended_at && known.ended_head == known.history.back().pull.head_commit;
}

/// What is told ready stands: its run succeeded, or was stopped before what it was to replace.
void HostChecker::on_told(std::int64_t number, const Environment& row)
{
    if (row.state != EnvironmentState::ready) return;
    for (const auto& run : pulls_[number].runs) {
        const auto* status = checker_.find_status(run.id);
        const bool is_good = run.commit == row.commit && status && status->state == RunState::succeeded;
        if (run.owner.str() == row.id.str() && run.kind == RunKind::apply && is_good) return;
    }
    const auto* newest = checker_.find_status(newest_run(number));
    if (!newest || newest->state != RunState::cancelled)
        checker_.violate(
            fmt::format("#{} is told ready at {}, which no run succeeded with", number, name_of(row.commit)));
}

bool HostChecker::has_failed(const Known& known) const
{
    if (known.runs.empty()) return false;
    const auto& newest = known.runs.back();
    const auto* status = checker_.find_status(newest.id);
    return newest.kind == RunKind::apply && newest.commit == known.history.back().pull.head_commit && status &&
           is_failure(status->state);
}

std::vector<std::int64_t> HostChecker::check_settled(const std::map<std::int64_t, EnvironmentState>& rows)
{
    std::vector<std::int64_t> to_mend;
    for (const auto& [number, known] : pulls_) {
        const auto& pull = known.history.back().pull;
        const auto found = rows.find(number);
        const auto row = found == rows.end() ? std::nullopt : std::optional(found->second);
        if (is_kept(pull)) continue;
        if (!is_wanted(pull))
            check_absent(number, known, row);
        else if (is_ended(known) && !row)
            check_absent(number, known, row);
        else if (has_failed(known))
            to_mend.push_back(number);
        else
            check_present(number, known, row);
    }
    return to_mend;
}

void HostChecker::check_present(std::int64_t number, const Known& known, std::optional<EnvironmentState> row)
{
    const auto& head = known.history.back().pull.head_commit;
    const auto complain = [&](const std::string& what) {
        checker_.violate(fmt::format("#{} wants a preview at {}, {}", number, name_of(head), what));
    };
    if (!row || known.runs.empty()) return complain("and has none");
    const auto& newest = known.runs.back();
    if (newest.kind != RunKind::apply || newest.commit != head)
        return complain(fmt::format("and the newest run is {} of {}", to_string(newest.kind), name_of(newest.commit)));
    const auto* status = checker_.find_status(newest.id);
    if (!status || status->state != RunState::succeeded) return complain("and its run has not succeeded");
    if (*row != EnvironmentState::ready) return complain(fmt::format("and is told {}", to_string(*row)));
    std::size_t at_head = 0;
    for (const auto& [name, resource] : checker_.rows()) {
        if (resource.owner != newest.owner || resource.phase == Phase::gone) continue;
        if (!checker_.is_there(name)) complain("and " + name + " is not there");
        if (!resource.spec.contains("\"commit\"")) continue;
        if (!resource.spec.contains(head.str())) return complain("and " + name + " is of another commit");
        ++at_head;
    }
    if (at_head == 0) complain("and nothing is of it");
}

void HostChecker::check_absent(std::int64_t number, const Known& known, std::optional<EnvironmentState> row)
{
    if (row) checker_.violate(fmt::format("#{} wants no preview and has one, {}", number, to_string(*row)));
    for (const auto& run : known.runs)
        for (const auto& [name, resource] : checker_.rows())
            if (resource.owner == run.owner && (resource.phase != Phase::gone || checker_.is_there(name)))
                return checker_.violate(fmt::format("#{} wants no preview, and {} is left of it", number, name));
}

std::int64_t HostChecker::applied(std::int64_t number) const
{
    const auto found = pulls_.find(number);
    if (found == pulls_.end()) return 0;
    return std::ranges::count_if(found->second.runs, [&](const Run& run) {
        const auto* status = checker_.find_status(run.id);
        return run.kind == RunKind::apply && status && status->state == RunState::succeeded;
    });
}

EngineRunId HostChecker::newest_run(std::int64_t number) const
{
    const auto found = pulls_.find(number);
    return found == pulls_.end() || found->second.runs.empty() ? EngineRunId() : found->second.runs.back().id;
}

std::optional<Milliseconds> HostChecker::begun_at(std::int64_t number, const CommitSha& commit) const
{
    const auto found = pulls_.find(number);
    if (found == pulls_.end()) return std::nullopt;
    for (const auto& run : found->second.runs)
        if (run.commit == commit && run.begun_at) return run.begun_at;
    return std::nullopt;
}

}  // namespace ramet::simulation
