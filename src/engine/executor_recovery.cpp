#include "engine/executor_core.hpp"

#include <algorithm>

namespace ramet::engine {

void Engine::Core::recover_all(RecoverAllItem item, std::vector<LaneItem>& later, Outbox& outbox)
{
    const auto unfinished = world_.store.list_owners_with_unfinished_runs();
    const auto owners = unfinished ? choose_owners(*unfinished, outbox) : std::vector<OwnerId>{};
    if (owners.empty()) {
        Result<int> result = unfinished ? Result<int>(0) : Result<int>(std::unexpected(unfinished.error()));
        outbox.callbacks.push_back([done = item.done, result] { done(result); });
        return;
    }
    struct Tally {
        std::size_t open;
        int taken_over = 0;
        std::optional<Error> error{};
    };
    auto tally = std::make_shared<Tally>(owners.size());
    for (const auto& owner : owners)
        later.emplace_back(RecoverItem{owner, [tally, done = item.done](const Result<int>& result) {
                                           if (result)
                                               tally->taken_over += *result;
                                           else
                                               tally->error = result.error();
                                           if (--tally->open > 0) return;
                                           done(tally->error ? Result<int>(std::unexpected(*tally->error))
                                                             : tally->taken_over);
                                       }});
}

/// What is nobody's, of all that has something unfinished; what is this server's own is looked at when there is news of it.
std::vector<OwnerId> Engine::Core::choose_owners(const std::vector<UnfinishedOwner>& unfinished, Outbox& outbox)
{
    const std::lock_guard lock(mutex_);
    std::set<OwnerId> all;
    std::vector<OwnerId> chosen;
    for (const auto& each : unfinished) {
        const auto& owner = each.lease.owner;
        all.insert(owner);
        const auto slot = slots_.find(owner);
        const bool has_news = slot != slots_.end() && slot->second.seen != Seen{each.newest_sequence, each.cancels};
        if (slot == slots_.end() && is_takeable(each.lease)) chosen.push_back(owner);
        if (is_shared() && has_news && looks_.insert(owner).second) enqueue(LookItem{owner}, outbox);
    }
    watch_.keep_only(all);
    return chosen;
}

Result<std::unique_ptr<Engine::Core::Active>> Engine::Core::resume(RunRow row, OwnerRecords& records,
                                                                   std::int64_t epoch)
{
    const auto journal = TRY(world_.store.load_journal(row.id));
    const auto history = TRY(read_history(journal));
    auto request = TRY(request_from_json(row.request));
    auto steps = TRY(plan_from_json(row.plan));
    auto active = make_active(std::move(row), std::move(request), std::move(steps), records, epoch);
    active->machine.resume(history, now(),
                           journal.empty() ? JournalEnd{} : JournalEnd{journal.back().seq, hash_of(journal.back())});
    return active;
}

/// What is on disk of one owner's runs, and what follows for those that wait.
Result<Engine::Core::LeftOver> Engine::Core::sort_left_over(std::vector<RunRow> unfinished)
{
    LeftOver left;
    std::vector<Waiting> waiting;
    for (auto& row : unfinished) {
        left.seen.newest_sequence = std::max(left.seen.newest_sequence, row.sequence);
        left.seen.cancels += row.status.cancel == CancelRequest::requested ? 1 : 0;
        auto request = request_from_json(row.request);
        if (!request) return fail_in(request.error(), "run " + row.id.str());
        if (row.status.state != RunState::queued)
            left.begun = std::move(row);
        else if (row.status.cancel == CancelRequest::requested)
            left.ended.push_back({row.id, cancelled(row.status, now().wall)});
        else
            waiting.push_back({std::move(row), std::move(*request)});
    }
    // Several servers may have queued them: the order is that of the generations, and then that in which they came.
    std::ranges::stable_sort(waiting, {}, [](const Waiting& each) { return each.row.generation; });
    std::vector<RunKind> kinds;
    for (const auto& each : waiting) kinds.push_back(each.row.kind);
    const auto overtaken = find_overtaken(kinds);
    for (std::size_t index = 0; index < waiting.size(); ++index) {
        const auto& row = waiting[index].row;
        if (overtaken[index])
            left.ended.push_back({row.id, superseded_by(row.status, waiting[*overtaken[index]].row.id, now().wall)});
        else
            left.waiting.push_back(std::move(waiting[index]));
    }
    const auto supersedes = [&](const Waiting& next) {
        return left.begun && admit(next.row.kind, left.begun->kind, {}).supersedes_active;
    };
    if (const auto by = std::ranges::find_if(left.waiting, supersedes); by != left.waiting.end())
        left.superseded_by = by->row.id;
    return left;
}

/// It is on disk.
void Engine::Core::on_ended_waiting(const OwnerId& owner, const std::vector<RunChange>& ended)
{
    for (const auto& change : ended) {
        owners_.erase(change.id);
        count(RunState::queued, change.status.state);
        if (options_.observer) changes_.push_back({change.id, owner, change.status.state, std::nullopt});
    }
    if (!ended.empty()) changed_.notify_all();
}

/// Takes over an owner that nobody holds any more: epoch + 1, then go on with its run, or with the one that supersedes it.
void Engine::Core::prepare_recovery(RecoverItem item, std::vector<Prepared>& prepared, Outbox& outbox)
{
    const auto answer = [&](Result<int> result) {
        outbox.callbacks.push_back([done = item.done, result = std::move(result)] { done(result); });
    };
    auto records = world_.store.load_owner(item.owner);
    if (!records) return answer(std::unexpected(records.error()));
    Result<LeftOver> left = LeftOver{};
    {
        const std::lock_guard lock(mutex_);
        const bool has_work = !slots_.contains(item.owner) && !records->unfinished.empty();
        if (!has_work || !is_takeable(records->lease)) return answer(0);
        left = sort_left_over(std::move(records->unfinished));
    }
    if (!left) return answer(std::unexpected(left.error()));

    Prepared entry;
    entry.owner = entry.batch.owner = item.owner;
    take_lease(entry.batch, *records);
    auto lease = entry.batch.lease ? entry.batch.lease->to : records->lease;
    entry.batch.runs = left->ended;
    std::unique_ptr<Active> active;
    Effects effects;
    if (!left->superseded_by.empty()) {
        entry.batch.runs.push_back(
            {left->begun->id, superseded_by(left->begun->status, left->superseded_by, now().wall)});
    } else if (left->begun) {
        const auto run = left->begun->id;
        auto resumed = resume(std::move(*left->begun), *records, *entry.batch.epoch);
        if (!resumed) return answer(fail_in(resumed.error(), "run " + run.str()));
        active = std::move(*resumed);
        effects = active->machine.take_effects();
        move_into(entry.batch, *active, effects);
        if (effects.status_changed) entry.batch.runs.push_back({run, active->machine.status()});
        if (active->machine.has_ended() && left->waiting.empty()) release_with(entry.batch, lease);
    }
    entry.after = [this, owner = item.owner, done = std::move(item.done), lease, left = std::move(*left),
                   active = std::move(active),
                   effects = std::move(effects)](Result<void> result, Outbox& after) mutable {
        const bool was_slower = !result && is_lost_lease(result.error());
        after.callbacks.push_back([done = std::move(done), result, was_slower] {
            done(result || was_slower ? Result<int>(result ? 1 : 0) : Result<int>(std::unexpected(result.error())));
        });
        if (!result) return;
        hold(owner, lease, after);
        take_over(owner, std::move(left), std::move(active), std::move(effects), after);
    };
    prepared.push_back(std::move(entry));
}

void Engine::Core::take_over(const OwnerId& owner, LeftOver left, std::unique_ptr<Active> active, Effects effects,
                             Outbox& outbox)
{
    on_ended_waiting(owner, left.ended);
    auto& slot = slots_.at(owner);
    slot.seen = left.seen;
    slot.waiting = std::move(left.waiting);
    for (const auto& each : slot.waiting) owners_[each.row.id] = owner;
    if (active) return install(owner, std::move(active), std::move(effects), outbox);
    slot.is_starting = true;
    enqueue(StartItem{owner}, outbox);
}

}  // namespace ramet::engine
