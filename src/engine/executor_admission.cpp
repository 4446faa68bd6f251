#include "engine/executor_core.hpp"

#include <algorithm>

namespace ramet::engine {
namespace {

constexpr Milliseconds retry_after{200};
// 9999-12-31: as good as for ever, and still a date.
constexpr Time no_end{Milliseconds{253'402'300'799'000}};

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
    row.plan_hash = hash_of(plan);
    row.created_at = now().wall;
    return row;
}

void Engine::Core::take_lease(Batch& batch, const OwnerRecords& records)
{
    batch.epoch = records.lease.epoch;
    if (records.lease.holder == holder_) return;
    batch.epoch = records.lease.epoch + 1;
    // One process has the data directory to itself, so that a lease ends with its process and not by time.
    batch.lease = LeaseChange{records.lease.epoch, Lease{batch.owner, holder_, *batch.epoch, no_end}};
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
    const bool knows_all =
        std::ranges::all_of(records->unfinished, [&](const RunRow& run) { return is_known(owner, run.id); });
    if (knows_all) return prepare_new_run(std::move(item), std::move(*records), prepared, outbox);
    if (std::exchange(item.has_recovered, true))
        return answer(Error{ErrorKind::unavailable, owner.str() + " has a run that cannot be taken over"});
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

void Engine::Core::prepare_new_run(SubmitItem item, OwnerRecords records, std::vector<Prepared>& prepared,
                                   Outbox& outbox)
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
    if (found != slots_.end() && records.lease.holder != holder_)
        return answer(Error{ErrorKind::unavailable, "another server has taken over " + item.request.owner.str()});
    const auto admission = admit(row->kind, active, waiting);
    if (item.given && !admission.starts_now)
        return answer(Error{ErrorKind::conflict, item.request.owner.str() + " has a run of its own"});
    if (item.given) records.resources = item.given->rows;

    Batch batch;
    batch.owner = item.request.owner;
    batch.extra = std::move(item.extra);
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
    auto stored = row;
    auto active = make_active(std::move(row), item.request, std::move(plan), records, *batch.epoch);
    active->machine.start(now());
    auto effects = active->machine.take_effects();
    move_into(batch, *active, effects);
    stored.status = active->machine.status();
    batch.new_run = std::move(stored);
    return {owner, std::move(batch),
            [this, owner, run, done = std::move(item.done), active = std::move(active),
             effects = std::move(effects)](Result<void> result, Outbox& outbox) mutable {
                if (result) {
                    outbox.callbacks.push_back([done = std::move(done), run] { done(run); });
                    return install(owner, std::move(active), std::move(effects), outbox);
                }
                outbox.callbacks.push_back(
                    [done = std::move(done), error = result.error()] { done(std::unexpected(error)); });
            }};
}

/// The run waits in its owner's slot; what it supersedes is told when that is committed.
Engine::Core::Prepared Engine::Core::begin_later(SubmitItem item, RunRow row, const Admission& admission, Batch batch)
{
    const auto owner = row.owner;
    std::vector<EngineRunId> replaced;
    for (const auto index : admission.supersedes_waiting) {
        const auto& waiting = slots_.at(owner).waiting[index].row;
        replaced.push_back(waiting.id);
        batch.runs.push_back({waiting.id, superseded_by(waiting.status, row.id, now().wall)});
    }
    batch.new_run = row;
    const bool supersedes_active = admission.supersedes_active;
    return {owner, std::move(batch),
            [this, owner, replaced, supersedes_active, row = std::move(row),
             item = std::move(item)](Result<void> result, Outbox& outbox) mutable {
                if (!result) {
                    outbox.callbacks.push_back(
                        [done = item.done, error = result.error()] { done(std::unexpected(error)); });
                    return;
                }
                auto& slot = slots_[owner];
                for (const auto& id : replaced) {
                    std::erase_if(slot.waiting, [&id](const Waiting& waiting) { return waiting.row.id == id; });
                    owners_.erase(id);
                    count(RunState::queued, RunState::superseded);
                    if (options_.observer) changes_.push_back({id, owner, RunState::superseded, std::nullopt});
                }
                owners_[row.id] = owner;
                if (options_.observer) changes_.push_back({row.id, owner, RunState::queued, std::nullopt});
                outbox.callbacks.push_back([done = item.done, id = row.id] { done(id); });
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
    auto& slot = slots_[owner];
    slot.active = std::move(active);
    slot.epoch = slot.active->machine.epoch();
    owners_[slot.active->machine.run().id] = owner;
    tell(owner, *slot.active, effects);
    launch(owner, *slot.active, slot.active->machine.on_committed(std::move(effects.calls), now()), outbox);
    pump(owner, *slot.active, outbox);
    if (slot.active->machine.has_ended() && !slot.active->is_in_lane) end_run(owner, outbox);
}

void Engine::Core::prepare_start(StartItem item, std::vector<Prepared>& prepared, Outbox& outbox)
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
    if (found->second.waiting.empty()) return slots_.erase(found), void();
    if (!records) return retry_start(item.owner, outbox);
    if (records->lease.holder != holder_) return give_up(item.owner);
    const auto& waiting = found->second.waiting.front();
    auto steps = plan_for(waiting.request, records->resources);
    if (!steps) return refuse_waiting(item.owner, steps.error(), *records, prepared);

    Batch batch;
    batch.owner = item.owner;
    take_lease(batch, *records);
    RunChange change{waiting.row.id, {}, to_json(*steps), hash_of(*steps)};
    auto row = waiting.row;
    row.plan = *change.plan;
    row.plan_hash = change.plan_hash;
    auto active = make_active(std::move(row), waiting.request, std::move(*steps), *records, *batch.epoch);
    active->machine.start(now());
    auto effects = active->machine.take_effects();
    move_into(batch, *active, effects);
    change.status = active->machine.status();
    batch.runs.push_back(std::move(change));
    prepared.push_back({item.owner, std::move(batch),
                        [this, owner = item.owner, active = std::move(active),
                         effects = std::move(effects)](Result<void> result, Outbox& after) mutable {
                            if (!result && !is_transient(result.error().kind)) return give_up(owner);
                            if (!result) return retry_start(owner, after);
                            auto& slot = slots_.at(owner);
                            slot.is_starting = false;
                            slot.waiting.pop_front();
                            install(owner, std::move(active), std::move(effects), after);
                        }});
}

/// Another process took over: what waited here is its own now.
void Engine::Core::give_up(const OwnerId& owner)
{
    const auto slot = slots_.find(owner);
    for (const auto& waiting : slot->second.waiting) owners_.erase(waiting.row.id);
    slots_.erase(slot);
    changed_.notify_all();
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

void Engine::Core::refuse_waiting(const OwnerId& owner, const Error& error, const OwnerRecords& records,
                                  std::vector<Prepared>& prepared)
{
    const auto& row = slots_.at(owner).waiting.front().row;
    Batch batch;
    batch.owner = owner;
    take_lease(batch, records);
    auto status = row.status;
    status.state = RunState::refused;
    status.error = error;
    status.ended_at = now().wall;
    batch.runs.push_back({row.id, status});
    prepared.push_back({owner, std::move(batch), [this, owner, run = row.id](Result<void> result, Outbox& outbox) {
                            if (!result && !is_transient(result.error().kind)) return give_up(owner);
                            if (!result) return retry_start(owner, outbox);
                            auto& slot = slots_.at(owner);
                            slot.waiting.pop_front();
                            owners_.erase(run);
                            count(RunState::queued, RunState::refused);
                            changed_.notify_all();
                            if (options_.observer) changes_.push_back({run, owner, RunState::refused, std::nullopt});
                            enqueue(StartItem{owner}, outbox);
                        }});
}

}  // namespace ramet::engine
