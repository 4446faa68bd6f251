#include "engine/executor_core.hpp"

#include <algorithm>

namespace ramet::engine {

void Engine::Core::recover_all(RecoverAllItem item, std::vector<LaneItem>& later, Outbox& outbox)
{
    const auto owners = world_.store.list_owners_with_unfinished_runs();
    if (!owners || owners->empty()) {
        Result<int> result = owners ? Result<int>(0) : Result<int>(std::unexpected(owners.error()));
        outbox.callbacks.push_back([done = item.done, result] { done(result); });
        return;
    }
    struct Tally {
        std::size_t open;
        int taken_over = 0;
        std::optional<Error> error{};
    };
    auto tally = std::make_shared<Tally>(owners->size());
    for (const auto& owner : *owners)
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

/// What an earlier process left of one owner.
Result<Engine::Core::LeftOver> Engine::Core::sort_left_over(std::vector<RunRow> unfinished)
{
    LeftOver left;
    for (auto& row : unfinished) {
        auto request = request_from_json(row.request);
        if (!request) return fail_in(request.error(), "run " + row.id.str());
        if (row.status.state == RunState::queued)
            left.waiting.push_back({std::move(row), std::move(*request)});
        else
            left.begun = std::move(row);
    }
    left.is_superseded = left.begun && std::ranges::any_of(left.waiting, [&](const Waiting& next) {
                             return admit(next.row.kind, left.begun->kind, {}).supersedes_active;
                         });
    return left;
}

/// Takes over an owner from a process that is dead: epoch + 1, then go on with its run, or with the one that supersedes it.
void Engine::Core::prepare_recovery(RecoverItem item, std::vector<Prepared>& prepared, Outbox& outbox)
{
    const auto answer = [&](Result<int> result) {
        outbox.callbacks.push_back([done = item.done, result = std::move(result)] { done(result); });
    };
    auto records = world_.store.load_owner(item.owner);
    if (!records) return answer(std::unexpected(records.error()));
    {
        const std::lock_guard lock(mutex_);
        if (slots_.contains(item.owner) || records->unfinished.empty()) return answer(0);
    }
    auto left = sort_left_over(std::move(records->unfinished));
    if (!left) return answer(std::unexpected(left.error()));

    Prepared entry;
    entry.owner = entry.batch.owner = item.owner;
    take_lease(entry.batch, *records);
    std::unique_ptr<Active> active;
    Effects effects;
    if (left->is_superseded) {
        const auto& by = left->waiting.back().row.id;
        entry.batch.runs.push_back({left->begun->id, superseded_by(left->begun->status, by, now().wall)});
    } else if (left->begun) {
        const auto run = left->begun->id;
        auto resumed = resume(std::move(*left->begun), *records, *entry.batch.epoch);
        if (!resumed) return answer(fail_in(resumed.error(), "run " + run.str()));
        active = std::move(*resumed);
        effects = active->machine.take_effects();
        move_into(entry.batch, *active, effects);
        if (effects.status_changed) entry.batch.runs.push_back({run, active->machine.status()});
    }
    entry.after = [this, owner = item.owner, done = std::move(item.done), waiting = std::move(left->waiting),
                   active = std::move(active),
                   effects = std::move(effects)](Result<void> result, Outbox& after) mutable {
        after.callbacks.push_back([done = std::move(done), result] {
            done(result ? Result<int>(1) : Result<int>(std::unexpected(result.error())));
        });
        if (result) take_over(owner, std::move(waiting), std::move(active), std::move(effects), after);
    };
    prepared.push_back(std::move(entry));
}

void Engine::Core::take_over(const OwnerId& owner, std::deque<Waiting> waiting, std::unique_ptr<Active> active,
                             Effects effects, Outbox& outbox)
{
    auto& slot = slots_[owner];
    slot.waiting = std::move(waiting);
    for (const auto& each : slot.waiting) owners_[each.row.id] = owner;
    if (active) return install(owner, std::move(active), std::move(effects), outbox);
    slot.is_starting = true;
    enqueue(StartItem{owner}, outbox);
}

}  // namespace ramet::engine
