#include "base/log.hpp"
#include "engine/executor_core.hpp"

#include <set>

namespace ramet::engine {
namespace {

constexpr Milliseconds retry_after{200};

/// What a failed commit left, followed by what was decided since.
Effects joined(Effects older, Effects newer)
{
    std::ranges::move(newer.records, std::back_inserter(older.records));
    std::ranges::move(newer.calls, std::back_inserter(older.calls));
    for (auto& [key, row] : newer.rows) older.rows[key] = std::move(row);
    older.status_changed |= newer.status_changed;
    if (newer.receipt) older.receipt = std::move(newer.receipt);
    older.changed_steps.merge(newer.changed_steps);
    return older;
}

template <typename Item>
OwnerId owner_of(const Item& item)
{
    if constexpr (requires { item.request.owner; })
        return item.request.owner;
    else if constexpr (requires { item.owner; })
        return item.owner;
    else
        return {};
}

}  // namespace

void Engine::Core::enqueue(LaneItem item, Outbox& outbox)
{
    lane_.push_back(std::move(item));
    outbox.needs_lane |= !std::exchange(lane_is_scheduled_, true);
}

/// Group commit: whatever gathered while the last transaction was written goes into the next one.
void Engine::Core::drain()
{
    std::vector<LaneItem> items;
    {
        const std::lock_guard lock(mutex_);
        items.swap(lane_);
        lane_is_scheduled_ = false;
    }
    Outbox outbox;
    std::vector<Prepared> prepared;
    std::vector<LaneItem> later;
    std::set<OwnerId> touched;
    for (auto& item : items) {
        const auto owner = std::visit([](const auto& each) { return owner_of(each); }, item);
        // The records of an owner are read before this transaction: one item each, or the second would not see the first.
        const bool is_first = owner.empty() || touched.insert(owner).second;
        if (is_first)
            prepare(std::move(item), prepared, later, outbox);
        else
            later.push_back(std::move(item));
    }
    commit(std::move(prepared), outbox);
    {
        const std::lock_guard lock(mutex_);
        // In front of what came since, so that the items of one owner keep their order.
        if (!later.empty()) outbox.needs_lane |= !std::exchange(lane_is_scheduled_, true);
        std::move(later.begin(), later.end(), std::inserter(lane_, lane_.begin()));
    }
    flush(std::move(outbox));
}

void Engine::Core::prepare(LaneItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox)
{
    if (auto* run = std::get_if<RunItem>(&item)) return prepare_run(*run, prepared, outbox);
    if (auto* submit = std::get_if<SubmitItem>(&item))
        return prepare_submit(std::move(*submit), prepared, later, outbox);
    if (auto* start = std::get_if<StartItem>(&item)) return prepare_start(std::move(*start), prepared, outbox);
    if (auto* recovery = std::get_if<RecoverItem>(&item))
        return prepare_recovery(std::move(*recovery), prepared, outbox);
    if (auto* all = std::get_if<RecoverAllItem>(&item)) return recover_all(std::move(*all), later, outbox);
    prepare_cancel(std::get<CancelItem>(std::move(item)), prepared, outbox);
}

void Engine::Core::move_into(Batch& batch, Active& active, Effects& effects)
{
    const auto& run = active.machine.run();
    batch.owner = run.owner;
    batch.epoch = active.machine.epoch();
    batch.records = effects.records;
    for (const auto& [key, row] : effects.rows) batch.resources.push_back(row);
    batch.receipt = effects.receipt;
}

void Engine::Core::prepare_run(const RunItem& item, std::vector<Prepared>& prepared, Outbox&)
{
    const std::lock_guard lock(mutex_);
    auto* active = find_active(item.owner, item.run);
    if (!active) return;
    auto effects = joined(std::exchange(active->held, {}), active->machine.take_effects());
    Prepared entry;
    entry.owner = item.owner;
    move_into(entry.batch, *active, effects);
    if (effects.status_changed) entry.batch.runs.push_back({item.run, active->machine.status()});
    entry.after = [this, item, effects = std::move(effects)](Result<void> result, Outbox& outbox) mutable {
        on_run_commit(item.owner, item.run, std::move(effects), std::move(result), outbox);
    };
    prepared.push_back(std::move(entry));
}

void Engine::Core::on_run_commit(const OwnerId& owner, const EngineRunId& run, Effects effects, Result<void> result,
                                 Outbox& outbox)
{
    auto* active = find_active(owner, run);
    if (!active) return;
    if (!result && is_transient(result.error().kind)) {
        // Nothing was written; the calls wait with the records that must precede them.
        active->held = joined(std::move(effects), std::exchange(active->held, {}));
        const auto again = [this, owner, run] {
            Outbox retry;
            {
                const std::lock_guard lock(mutex_);
                if (find_active(owner, run)) enqueue(RunItem{owner, run}, retry);
            }
            flush(std::move(retry));
        };
        outbox.callbacks.push_back(
            [this, again] { world_.scheduler.at(world_.clock.monotonic() + retry_after, again); });
        return;
    }
    if (!result) {
        log::warning("run {} of {} is given up here: {}", run.str(), owner.str(), result.error().message);
        // What was launched and has not begun must never begin: the run is another holder's, or of another epoch, from now on.
        for (auto& [step, interrupt] : active->interrupts) interrupt.request_stop();
        for (const auto& waiting : slots_.at(owner).waiting) owners_.erase(waiting.row.id);
        slots_.at(owner).waiting.clear();
        return end_run(owner, outbox);
    }
    active->is_in_lane = false;
    for (auto& done : std::exchange(active->after_commit, {}))
        outbox.callbacks.push_back([done = std::move(done)] { done({}); });
    tell(owner, *active, effects);
    launch(owner, *active, active->machine.on_committed(std::move(effects.calls), now()), outbox);
    pump(owner, *active, outbox);
    if (active->machine.has_ended() && !active->is_in_lane) end_run(owner, outbox);
}

void Engine::Core::prepare_cancel(CancelItem item, std::vector<Prepared>& prepared, Outbox& outbox)
{
    const std::lock_guard lock(mutex_);
    const auto slot = slots_.find(item.owner);
    const auto is_it = [&item](const Waiting& waiting) { return waiting.row.id == item.run; };
    const auto waiting =
        slot == slots_.end() ? std::deque<Waiting>::iterator{} : std::ranges::find_if(slot->second.waiting, is_it);
    if (slot == slots_.end() || waiting == slot->second.waiting.end()) {
        // It began in the meantime; ask again as for any active run.
        outbox.callbacks.push_back([this, item] { cancel(item.run, item.done); });
        return;
    }
    Prepared entry;
    entry.owner = item.owner;
    entry.batch.owner = item.owner;
    entry.batch.epoch = slot->second.epoch;
    auto status = waiting->row.status;
    status.state = RunState::cancelled;
    status.cancel = CancelRequest::requested;
    status.ended_at = now().wall;
    entry.batch.runs.push_back({item.run, status});
    entry.after = [this, item](Result<void> result, Outbox& after) {
        if (result) {
            std::erase_if(slots_.at(item.owner).waiting,
                          [&item](const Waiting& each) { return each.row.id == item.run; });
            owners_.erase(item.run);
            count(RunState::queued, RunState::cancelled);
            changed_.notify_all();
            if (options_.observer) changes_.push_back({item.run, item.owner, RunState::cancelled, std::nullopt});
        }
        after.callbacks.push_back([done = item.done, result = std::move(result)] { done(result); });
    };
    prepared.push_back(std::move(entry));
}

void Engine::Core::commit(std::vector<Prepared> prepared, Outbox& outbox)
{
    if (prepared.empty()) return;
    std::vector<Batch> batches;
    for (auto& entry : prepared) batches.push_back(std::move(entry.batch));
    auto results = world_.store.commit(batches);
    const std::lock_guard lock(mutex_);
    for (std::size_t index = 0; index < prepared.size(); ++index) {
        if (results)
            prepared[index].after(std::move((*results)[index]), outbox);
        else
            prepared[index].after(std::unexpected(results.error()), outbox);
    }
}

}  // namespace ramet::engine
