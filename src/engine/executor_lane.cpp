#include "base/log.hpp"
#include "engine/executor_core.hpp"

#include <algorithm>
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

/// Undoes what `move_into` did.
void take_back(Effects& effects, Batch batch)
{
    effects.records = std::move(batch.records);
    effects.rows.clear();
    for (auto& row : batch.resources) {
        const std::pair key(row.ref.path, row.ref.incarnation);
        effects.rows.emplace(key, std::move(row));
    }
    effects.receipt = std::move(batch.receipt);
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

template <typename... Items>
OwnerId owner_of(const std::variant<Items...>& item)
{
    return std::visit([](const auto& each) { return owner_of(each); }, item);
}

}  // namespace

void Engine::Core::stall(std::vector<LaneItem>& items)
{
    const auto waits = [this](LaneItem& item) {
        const auto owner = owner_of(item);
        if (owner.empty() || !must_wait(owner)) return false;
        stalled_[owner].push_back(std::move(item));
        return true;
    };
    std::erase_if(items, waits);
}

void Engine::Core::enqueue(LaneItem item, Outbox& outbox)
{
    lane_.push_back(std::move(item));
    schedule_lane(outbox);
}

void Engine::Core::schedule_lane(Outbox& outbox)
{
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
        stall(items);
    }
    Outbox outbox;
    std::vector<Prepared> prepared;
    prepare_renewals(prepared);
    std::vector<LaneItem> later;
    std::set<OwnerId> touched;
    // The records of an owner are read before this transaction: one item each, or the second would not see the first.
    const auto waits = std::ranges::stable_partition(items, [&touched](const LaneItem& item) {
        const auto owner = owner_of(item);
        return owner.empty() || touched.insert(owner).second;
    });
    std::ranges::move(waits, std::back_inserter(later));
    items.erase(waits.begin(), items.end());
    prepare_runs(items, prepared);
    for (auto& item : items)
        if (!std::holds_alternative<RunItem>(item)) prepare(std::move(item), prepared, later, outbox);
    commit(std::move(prepared), outbox);
    {
        const std::lock_guard lock(mutex_);
        // In front of what came since, so that the items of one owner keep their order.
        if (!later.empty()) schedule_lane(outbox);
        std::move(later.begin(), later.end(), std::inserter(lane_, lane_.begin()));
    }
    flush(std::move(outbox));
}

void Engine::Core::prepare(LaneItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox)
{
    if (auto* submit = std::get_if<SubmitItem>(&item))
        return prepare_submit(std::move(*submit), prepared, later, outbox);
    if (auto* start = std::get_if<StartItem>(&item)) return prepare_start(std::move(*start), prepared, later, outbox);
    if (auto* recovery = std::get_if<RecoverItem>(&item))
        return prepare_recovery(std::move(*recovery), prepared, outbox);
    if (auto* all = std::get_if<RecoverAllItem>(&item)) return recover_all(std::move(*all), later, outbox);
    if (auto* look = std::get_if<LookItem>(&item)) return prepare_look(*look, prepared, later, outbox);
    if (auto* request = std::get_if<RequestItem>(&item)) return prepare_request(std::move(*request), prepared, outbox);
    prepare_cancel(std::get<CancelItem>(std::move(item)), prepared, later, outbox);
}

void Engine::Core::move_into(Batch& batch, Active& active, Effects& effects)
{
    const auto& run = active.machine.run();
    batch.owner = run.owner;
    batch.epoch = active.machine.epoch();
    batch.records = std::move(effects.records);
    batch.resources.reserve(effects.rows.size());
    for (auto& [key, row] : effects.rows) batch.resources.push_back(std::move(row));
    batch.receipt = std::move(effects.receipt);
}

/// All of them under the mutex at once: it is wanted for every answer as well, and each time might mean to wait for it.
void Engine::Core::prepare_runs(std::span<const LaneItem> items, std::vector<Prepared>& prepared)
{
    const std::lock_guard lock(mutex_);
    for (const auto& item : items)
        if (const auto* run = std::get_if<RunItem>(&item)) prepare_run(*run, prepared);
}

void Engine::Core::prepare_run(const RunItem& item, std::vector<Prepared>& prepared)
{
    auto* active = find_active(item.owner, item.run);
    if (!active) return;
    const auto effects =
        std::make_shared<Effects>(joined(std::exchange(active->held, {}), active->machine.take_effects()));
    Prepared entry;
    entry.owner = item.owner;
    move_into(entry.batch, *active, *effects);
    if (effects->status_changed) entry.batch.runs.push_back({item.run, active->machine.status()});
    auto& slot = slots_.at(item.owner);
    if (active->machine.has_ended() && slot.waiting.empty()) release_with(entry.batch, slot.held.lease);
    entry.take_back = [effects](Batch batch) { take_back(*effects, std::move(batch)); };
    entry.after = [this, item, effects](Result<void> result, Outbox& outbox) {
        on_run_commit(item.owner, item.run, std::move(*effects), std::move(result), outbox);
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
    if (!result) return recover_from(owner, result.error(), outbox);
    active->is_in_lane = false;
    for (auto& done : std::exchange(active->after_commit, {}))
        outbox.callbacks.push_back([done = std::move(done)] { done({}); });
    tell(owner, *active, effects);
    launch(owner, *active, active->machine.on_committed(std::move(effects.calls), now()), outbox);
    pump(owner, *active, outbox);
    if (active->machine.has_ended() && !active->is_in_lane) end_run(owner, outbox);
}

void Engine::Core::prepare_cancel(CancelItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later,
                                  Outbox& outbox)
{
    auto records = world_.store.load_owner(item.owner);
    if (!records) {
        outbox.callbacks.push_back([done = item.done, error = records.error()] { done(std::unexpected(error)); });
        return;
    }
    const std::lock_guard lock(mutex_);
    const auto slot = slots_.find(item.owner);
    if (slot != slots_.end()) {
        drop_what_has_ended(slot->second, *records);
        if (has_begun_unseen(slot->second, *records)) {
            recover_before(item.owner, later, outbox);
            later.emplace_back(std::move(item));
            return;
        }
    }
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
    entry.batch.epoch = slot->second.held.lease.epoch;
    entry.batch.runs.push_back({item.run, cancelled(waiting->row.status, now().wall)});
    entry.after = [this, item](Result<void> result, Outbox& after) {
        if (result) {
            if (const auto owned = slots_.find(item.owner); owned != slots_.end())
                std::erase_if(owned->second.waiting, [&item](const Waiting& each) { return each.row.id == item.run; });
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
    batches.reserve(prepared.size());
    for (auto& entry : prepared) batches.push_back(std::move(entry.batch));
    const auto began = world_.clock.monotonic();
    auto results = world_.store.commit(batches);
    const std::lock_guard lock(mutex_);
    commit_began_ = began;
    if (!results && !std::exchange(cannot_write_, true))
        log::warning("what runs waits, as nothing can be written: {}", results.error().message);
    if (results && std::exchange(cannot_write_, false)) log::info("what runs goes on: it is written again");
    for (std::size_t index = 0; index < prepared.size(); ++index) {
        auto& entry = prepared[index];
        auto result = results ? std::move((*results)[index]) : Result<void>(std::unexpected(results.error()));
        if (!result && entry.take_back) entry.take_back(std::move(batches[index]));
        entry.after(std::move(result), outbox);
    }
}

}  // namespace ramet::engine
