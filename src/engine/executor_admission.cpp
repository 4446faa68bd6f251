#include "engine/executor_core.hpp"

#include <algorithm>

namespace ramet::engine {
namespace {

constexpr Milliseconds retry_after{200};
/// How often a submission lets pass what others left or queued before it; they may go on with that for ever.
constexpr int most_rounds = 5;

}  // namespace

Result<Plan> Engine::Core::plan_for(const RunRequest& request, std::span<const ResourceRow> ledger)
{
    for (const auto& node : request.graph.nodes)
        if (!world_.drivers.contains(node.kind))
            return fail(ErrorKind::invalid, "{}: nothing here serves the kind {}", node.path, node.kind);
    return plan(PlanInput{request.graph, request.kind, request.probe_all, ledger, machine_world_.classify});
}

Result<RunRow> Engine::Core::new_row(const RunRequest& request, const OwnerRecords& records, const Plan& plan)
{
    if (request.generation != 0 && request.generation < records.newest_generation)
        return fail(ErrorKind::conflict, "generation {} of {} is older than {}", request.generation,
                    request.owner.str(), records.newest_generation);
    RunRow row;
    row.id = request.id.empty() ? EngineRunId("run-" + random_hex(world_.random, 10)) : request.id;
    row.owner = request.owner;
    row.generation = request.generation == 0 ? records.newest_generation + 1 : request.generation;
    row.kind = request.kind;
    row.request = to_json(request);
    row.note = request.note;
    row.plan = to_json(plan);
    row.plan_hash = hash_of_plan(row.plan);
    row.created_at = now().wall;
    return row;
}

std::unique_ptr<Engine::Core::Active> Engine::Core::make_active(RunRow row, RunRequest request, Plan plan,
                                                                OwnerRecords& records, std::int64_t epoch)
{
    RunMachine::Setup setup{std::move(row), std::move(request), std::move(plan), std::move(records.resources), epoch};
    return std::make_unique<Active>(std::move(setup), machine_world_, now());
}

bool Engine::Core::is_known(const OwnerId& owner, const EngineRunId& run) const
{
    const auto found = owners_.find(run);
    return found != owners_.end() && found->second == owner;
}

bool Engine::Core::is_ending(const OwnerId& owner)
{
    const std::lock_guard lock(mutex_);
    const auto slot = slots_.find(owner);
    return slot != slots_.end() && slot->second.active && slot->second.active->machine.has_ended();
}

void Engine::Core::prepare_submit(SubmitItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later,
                                  Outbox& outbox)
{
    const auto answer = [&](Error error) {
        outbox.callbacks.push_back([done = item.done, error] { done(std::unexpected(error)); });
    };
    const auto owner = item.request.owner;
    if (is_ending(owner)) return submit_again(std::move(item), outbox);
    auto records = world_.store.load_owner(owner);
    if (!records) return answer(records.error());
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return answer(Error{ErrorKind::unavailable, "Ramet is stopping", "", "try again when it is up"});
    const auto slot = slots_.find(owner);
    const bool is_ours = slot != slots_.end();
    if (is_ours && !is_held(slot->second, records->lease)) {
        lose(owner, "another server has taken it over", outbox);
        if (!is_shared()) return answer(Error{ErrorKind::unavailable, "another server has taken over " + owner.str()});
        later.emplace_back(std::move(item));
        return;
    }
    if (is_ours && has_begun_unseen(slot->second, *records) && ++item.rounds <= most_rounds) {
        recover_before(owner, later, outbox);
        later.emplace_back(std::move(item));
        return;
    }
    const bool knows_all =
        std::ranges::all_of(records->unfinished, [&](const RunRow& run) { return is_known(owner, run.id); });
    const bool is_others = !is_ours && !is_takeable(records->lease);
    if (knows_all || is_others)
        return prepare_new_run(std::move(item), std::move(*records), is_others, prepared, outbox);
    if (++item.rounds > most_rounds)
        return answer(Error{ErrorKind::unavailable, owner.str() + " has a run that cannot be taken over"});
    if (is_ours)
        later.emplace_back(LookItem{owner});
    else
        later.emplace_back(RecoverItem{owner, [](const Result<int>&) {}});
    later.emplace_back(std::move(item));
}

/// A run of the owner has ended but its end is not on disk yet.
void Engine::Core::submit_again(SubmitItem item, Outbox& outbox)
{
    const std::lock_guard lock(mutex_);
    deferred_.push_back(std::move(item));
    outbox.callbacks.push_back([this] {
        world_.scheduler.at(world_.clock.monotonic() + Milliseconds{1}, [this] {
            Outbox retry;
            {
                const std::lock_guard again(mutex_);
                for (auto& each : std::exchange(deferred_, {})) enqueue(std::move(each), retry);
            }
            flush(std::move(retry));
        });
    });
}

void Engine::Core::prepare_new_run(SubmitItem item, OwnerRecords records, bool is_others,
                                   std::vector<Prepared>& prepared, Outbox& outbox)
{
    const auto answer = [&](Error error) {
        outbox.callbacks.push_back([done = item.done, error] { done(std::unexpected(error)); });
    };
    auto steps = item.given ? Result<Plan>(item.given->plan) : plan_for(item.request, records.resources);
    if (!steps) return answer(steps.error());
    auto row = new_row(item.request, records, *steps);
    if (!row) return answer(row.error());
    item.request.generation = row->generation;

    const auto found = slots_.find(item.request.owner);
    std::optional<RunKind> active;
    std::vector<RunKind> waiting;
    if (found != slots_.end()) {
        if (found->second.active) active = found->second.active->machine.run().kind;
        for (const auto& each : found->second.waiting) waiting.push_back(each.row.kind);
    }
    const auto admission = admit(row->kind, active, waiting);
    if (item.given && (is_others || !admission.starts_now))
        return answer(Error{ErrorKind::conflict, item.request.owner.str() + " has a run of its own"});
    Batch batch;
    batch.owner = item.request.owner;
    batch.extra = item.extra;
    // Their rows are opened together with the run: a server that takes it over finds there what is left to be removed.
    if (item.given) batch.resources = records.resources = item.given->rows;
    if (is_others) return prepared.push_back(begin_elsewhere(std::move(item), std::move(*row), std::move(batch)));
    if (found != slots_.end())
        batch.epoch = found->second.held.lease.epoch;
    else
        take_lease(batch, records);
    if (admission.starts_now)
        prepared.push_back(
            begin_now(std::move(item), std::move(*row), std::move(*steps), std::move(records), std::move(batch)));
    else
        prepared.push_back(begin_later(std::move(item), std::move(*row), admission, std::move(batch)));
}

/// The run, its plan, its first INTENTs and the caller's own rows are one commit.
Engine::Core::Prepared Engine::Core::begin_now(SubmitItem item, RunRow row, Plan plan, OwnerRecords records,
                                               Batch batch)
{
    const auto owner = row.owner;
    const auto run = row.id;
    // What stands in the row as text the machine has itself.
    auto asked = std::exchange(row.request, {});
    auto planned = std::exchange(row.plan, {});
    auto stored = row;
    stored.request = std::move(asked);
    stored.plan = std::move(planned);
    auto lease = batch.lease ? batch.lease->to : records.lease;
    auto active = make_active(std::move(row), item.request, std::move(plan), records, *batch.epoch);
    active->machine.start(now());
    auto effects = active->machine.take_effects();
    move_into(batch, *active, effects);
    if (active->machine.has_ended()) release_with(batch, lease);
    stored.status = active->machine.status();
    batch.new_run = std::move(stored);
    return {owner, std::move(batch),
            [this, owner, run, lease, item = std::move(item), active = std::move(active),
             effects = std::move(effects)](Result<void> result, Outbox& outbox) mutable {
                if (!result) return on_refused(std::move(item), result.error(), outbox);
                outbox.callbacks.push_back([done = std::move(item.done), run] { done(run); });
                hold(owner, lease, outbox);
                install(owner, std::move(active), std::move(effects), outbox);
            }};
}

/// Another server holds the owner: the run waits on disk, and that server is told.
Engine::Core::Prepared Engine::Core::begin_elsewhere(SubmitItem item, RunRow row, Batch batch)
{
    const auto owner = row.owner;
    const auto run = row.id;
    batch.new_run = std::move(row);
    return {owner, std::move(batch),
            [this, owner, run, item = std::move(item)](const Result<void>& result, Outbox& outbox) mutable {
                if (!result) return on_refused(std::move(item), result.error(), outbox);
                if (options_.observer) changes_.push_back({run, owner, RunState::queued, std::nullopt});
                outbox.callbacks.push_back([done = std::move(item.done), run] { done(run); });
            }};
}

/// Where another server was quicker, the run is asked for again: it waits for that one now.
void Engine::Core::on_refused(SubmitItem item, const Error& error, Outbox& outbox)
{
    const bool was_slower = is_shared() && is_lost_lease(error) && ++item.rounds <= most_rounds;
    if (was_slower) return enqueue(std::move(item), outbox);
    outbox.callbacks.push_back([done = std::move(item.done), error] { done(std::unexpected(error)); });
}

/// The run waits in its owner's slot; what it supersedes is told when that is committed.
Engine::Core::Prepared Engine::Core::begin_later(SubmitItem item, RunRow row, const Admission& admission, Batch batch)
{
    const auto owner = row.owner;
    std::vector<RunChange> replaced;
    for (const auto index : admission.supersedes_waiting) {
        const auto& waiting = slots_.at(owner).waiting[index].row;
        replaced.push_back({waiting.id, superseded_by(waiting.status, row.id, now().wall)});
    }
    batch.runs = replaced;
    batch.new_run = row;
    const bool supersedes_active = admission.supersedes_active;
    return {owner, std::move(batch),
            [this, owner, replaced, supersedes_active, row = std::move(row),
             item = std::move(item)](Result<void> result, Outbox& outbox) mutable {
                if (!result) {
                    if (is_lost_lease(result.error())) lose(owner, result.error().message, outbox);
                    return on_refused(std::move(item), result.error(), outbox);
                }
                on_ended_waiting(owner, replaced);
                if (options_.observer) changes_.push_back({row.id, owner, RunState::queued, std::nullopt});
                outbox.callbacks.push_back([done = item.done, id = row.id] { done(id); });
                // Given up while it was written: it waits on disk for whoever is next.
                const auto found = slots_.find(owner);
                if (found == slots_.end()) return;
                auto& slot = found->second;
                for (const auto& change : replaced)
                    std::erase_if(slot.waiting, [&](const Waiting& waiting) { return waiting.row.id == change.id; });
                owners_[row.id] = owner;
                const auto id = row.id;
                slot.waiting.push_back({std::move(row), std::move(item.request)});
                changed_.notify_all();
                if (slot.active && supersedes_active) {
                    slot.active->machine.supersede(id, slot.waiting.back().request.graph, now());
                    pump(owner, *slot.active, outbox);
                }
                // The run before it may have ended in the same transaction.
                if (!slot.active && !std::exchange(slot.is_starting, true)) enqueue(StartItem{owner}, outbox);
            }};
}

void Engine::Core::install(const OwnerId& owner, std::unique_ptr<Active> active, Effects effects, Outbox& outbox)
{
    auto& slot = slots_.at(owner);
    slot.active = std::move(active);
    owners_[slot.active->machine.run().id] = owner;
    tell(owner, *slot.active, effects);
    launch(owner, *slot.active, slot.active->machine.on_committed(std::move(effects.calls), now()), outbox);
    pump(owner, *slot.active, outbox);
    if (slot.active->machine.has_ended() && !slot.active->is_in_lane) end_run(owner, outbox);
}

void Engine::Core::prepare_start(StartItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later,
                                 Outbox& outbox)
{
    auto records = world_.store.load_owner(item.owner);
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(item.owner);
    if (found == slots_.end()) return;
    // What waited was cancelled before this start was tried again, and another run began: its end starts what waits by then.
    if (found->second.active) {
        found->second.is_starting = false;
        return;
    }
    if (!records) return retry_start(item.owner, outbox);
    if (!is_held(found->second, records->lease)) return lose(item.owner, "another server has taken it over", outbox);
    drop_what_has_ended(found->second, *records);
    if (has_begun_unseen(found->second, *records)) return recover_before(item.owner, later, outbox);
    if (found->second.waiting.empty()) return prepare_release(item.owner, prepared);
    const auto& waiting = found->second.waiting.front();
    auto steps = plan_for(waiting.request, records->resources);
    if (!steps) return refuse_waiting(item.owner, steps.error(), prepared);

    Batch batch;
    batch.owner = item.owner;
    batch.epoch = found->second.held.lease.epoch;
    RunChange change{waiting.row.id, {}, to_json(*steps), {}};
    change.plan_hash = hash_of_plan(*change.plan);
    auto row = waiting.row;
    row.plan_hash = change.plan_hash;
    auto active = make_active(std::move(row), waiting.request, std::move(*steps), *records, *batch.epoch);
    active->machine.start(now());
    auto effects = active->machine.take_effects();
    move_into(batch, *active, effects);
    change.status = active->machine.status();
    batch.runs.push_back(std::move(change));
    const bool is_last = active->machine.has_ended() && found->second.waiting.size() == 1;
    if (is_last) release_with(batch, found->second.held.lease);
    prepared.push_back({item.owner, std::move(batch),
                        [this, owner = item.owner, active = std::move(active),
                         effects = std::move(effects)](Result<void> result, Outbox& after) mutable {
                            if (!result && !is_transient(result.error().kind))
                                return recover_from(owner, result.error(), after);
                            if (!result) return retry_start(owner, after);
                            // Given up while it was written: it is on disk for whoever is next.
                            const auto slot = slots_.find(owner);
                            if (slot == slots_.end()) return;
                            slot->second.is_starting = false;
                            slot->second.waiting.pop_front();
                            install(owner, std::move(active), std::move(effects), after);
                        }});
}

/// What waits here may have ended by a write whose answer was lost.
void Engine::Core::drop_what_has_ended(Slot& slot, const OwnerRecords& records)
{
    const auto has_ended = [&](const Waiting& waiting) {
        return std::ranges::find(records.unfinished, waiting.row.id, &RunRow::id) == records.unfinished.end();
    };
    for (const auto& waiting : slot.waiting)
        if (has_ended(waiting)) owners_.erase(waiting.row.id);
    if (std::erase_if(slot.waiting, has_ended) > 0) changed_.notify_all();
}

/// What is believed to wait here has begun on disk: the answer to the commit of its start was lost.
bool Engine::Core::has_begun_unseen(const Slot& slot, const OwnerRecords& records)
{
    return std::ranges::any_of(slot.waiting, [&](const Waiting& waiting) {
        const auto run = std::ranges::find(records.unfinished, waiting.row.id, &RunRow::id);
        return run != records.unfinished.end() && run->status.state != RunState::queued;
    });
}

/// This server goes on from what is on disk, before whatever follows in `later`.
void Engine::Core::recover_before(const OwnerId& owner, std::vector<LaneItem>& later, Outbox& outbox)
{
    lose(owner, "a run has begun, and the answer to that was lost", outbox);
    later.emplace_back(RecoverItem{owner, [](const Result<int>&) {}});
}

void Engine::Core::retry_start(const OwnerId& owner, Outbox& outbox)
{
    const auto again = [this, owner] {
        Outbox retry;
        {
            const std::lock_guard lock(mutex_);
            if (slots_.contains(owner)) enqueue(StartItem{owner}, retry);
        }
        flush(std::move(retry));
    };
    outbox.callbacks.push_back([this, again] { world_.scheduler.at(world_.clock.monotonic() + retry_after, again); });
}

void Engine::Core::refuse_waiting(const OwnerId& owner, const Error& error, std::vector<Prepared>& prepared)
{
    const auto& row = slots_.at(owner).waiting.front().row;
    Batch batch;
    batch.owner = owner;
    batch.epoch = slots_.at(owner).held.lease.epoch;
    auto status = row.status;
    status.state = RunState::refused;
    status.error = error;
    status.ended_at = now().wall;
    const RunChange change{row.id, status};
    batch.runs.push_back(change);
    prepared.push_back({owner, std::move(batch), [this, owner, change](Result<void> result, Outbox& outbox) {
                            if (!result && !is_transient(result.error().kind))
                                return recover_from(owner, result.error(), outbox);
                            if (!result) return retry_start(owner, outbox);
                            on_ended_waiting(owner, {change});
                            const auto slot = slots_.find(owner);
                            if (slot == slots_.end()) return;
                            slot->second.waiting.pop_front();
                            enqueue(StartItem{owner}, outbox);
                        }});
}

}  // namespace ramet::engine
