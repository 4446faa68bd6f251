#include "engine/executor_core.hpp"

#include <algorithm>
#include <chrono>

namespace ramet::engine {
namespace {

/// How often a store is asked about a run that another server holds when nobody says that there is news.
constexpr Milliseconds ask_again_after{1'000};

}  // namespace

void Engine::Core::look(const OwnerId& owner)
{
    if (!is_shared()) return;
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        if (is_stopping_ || !looks_.insert(owner).second) return;
        enqueue(LookItem{owner}, outbox);
    }
    flush(std::move(outbox));
}

void Engine::Core::prepare_look(const LookItem& item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later,
                                Outbox& outbox)
{
    {
        // From here on there may be something that the reading does not see.
        const std::lock_guard lock(mutex_);
        looks_.erase(item.owner);
    }
    auto records = world_.store.load_owner(item.owner);
    const std::lock_guard lock(mutex_);
    tell_waiters(item.owner);
    if (!records) return;
    const auto slot = slots_.find(item.owner);
    if (slot == slots_.end()) {
        const bool has_work = !records->unfinished.empty() && is_takeable(records->lease);
        if (has_work) later.emplace_back(RecoverItem{item.owner, [](const Result<int>&) {}});
        return;
    }
    if (!is_held(slot->second, records->lease)) return lose(item.owner, "another server has taken it over", outbox);
    auto left = sort_left_over(std::move(records->unfinished));
    if (left) adopt(item.owner, slot->second, std::move(*left), prepared, outbox);
}

/// Other servers have queued runs, or asked for an end: what waits here becomes what waits on disk.
void Engine::Core::adopt(const OwnerId& owner, Slot& slot, LeftOver left, std::vector<Prepared>& prepared,
                         Outbox& outbox)
{
    // A start whose answer was lost is found by trying it again.
    const bool is_as_believed = !left.begun || (slot.active && slot.active->machine.run().id == left.begun->id);
    if (!is_as_believed) return;
    if (left.ended.empty()) return on_adopted(owner, std::move(left), outbox);
    Prepared entry;
    entry.owner = entry.batch.owner = owner;
    entry.batch.epoch = slot.held.lease.epoch;
    entry.batch.runs = left.ended;
    entry.after = [this, owner, left = std::move(left)](const Result<void>& result, Outbox& after) mutable {
        if (!result && !is_transient(result.error().kind)) return recover_from(owner, result.error(), after);
        // A look that comes to nothing is repeated by the next question to the store.
        if (!result || !slots_.contains(owner)) return;
        on_ended_waiting(owner, left.ended);
        on_adopted(owner, std::move(left), after);
    };
    prepared.push_back(std::move(entry));
}

void Engine::Core::on_adopted(const OwnerId& owner, LeftOver left, Outbox& outbox)
{
    auto& slot = slots_.at(owner);
    slot.seen = left.seen;
    for (const auto& waiting : slot.waiting) owners_.erase(waiting.row.id);
    for (const auto& waiting : left.waiting) owners_[waiting.row.id] = owner;
    slot.waiting = std::move(left.waiting);
    if (slot.active) return take_news(owner, left, outbox);
    if (!std::exchange(slot.is_starting, true)) enqueue(StartItem{owner}, outbox);
}

/// What the run that is active hears of it.
void Engine::Core::take_news(const OwnerId& owner, LeftOver& left, Outbox& outbox)
{
    auto& slot = slots_.at(owner);
    auto& machine = slot.active->machine;
    const bool is_asked_to_stop = left.begun && left.begun->status.cancel == CancelRequest::requested &&
                                  machine.status().cancel == CancelRequest::none;
    // When it is too late, the request stands in the run's row and changes nothing.
    if (is_asked_to_stop) (void)machine.cancel(now());
    const auto by = std::ranges::find_if(slot.waiting,
                                         [&](const Waiting& waiting) { return waiting.row.id == left.superseded_by; });
    if (by != slot.waiting.end() && machine.status().superseded_by != by->row.id)
        machine.supersede(by->row.id, by->request.graph, now());
    pump(owner, *slot.active, outbox);
}

void Engine::Core::prepare_request(RequestItem item, std::vector<Prepared>& prepared, Outbox& outbox)
{
    const std::lock_guard lock(mutex_);
    if (is_known(item.owner, item.run)) {
        // It was taken over in the meantime.
        outbox.callbacks.push_back([this, item] { cancel(item.run, item.done); });
        return;
    }
    Prepared entry;
    entry.owner = entry.batch.owner = item.owner;
    entry.batch.cancels = {item.run};
    entry.after = [this, item](const Result<void>& result, Outbox& after) {
        after.callbacks.push_back([this, item, result] {
            item.done(result);
            // Its holder may be nobody any more.
            look(item.owner);
        });
    };
    prepared.push_back(std::move(entry));
}

void Engine::Core::cancel_elsewhere(const EngineRunId& run, const CancelDone& done)
{
    const auto row = world_.store.find_run(run);
    if (!row) return done(std::unexpected(row.error()));
    if (!*row) return done(fail(ErrorKind::not_found, "there is no run {}", run.str()));
    const auto& status = (*row)->status;
    if (!is_shared() || status.ended_at)
        return done(fail(ErrorKind::conflict, "run {} has ended: {}", run.str(), to_string(status.state)));
    if (removes((*row)->kind) && status.state != RunState::queued)
        return done(fail(ErrorKind::conflict, "a removal that has begun is not cancelled"));
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        if (!is_stopping_)
            enqueue(RequestItem{(*row)->owner, run, done}, outbox);
        else
            outbox.callbacks.push_back([done] { done(fail(ErrorKind::unavailable, "Ramet is stopping")); });
    }
    flush(std::move(outbox));
}

void Engine::Core::tell_waiters(const OwnerId& owner)
{
    const auto [first, last] = waiters_.equal_range(owner);
    if (first == last) return;
    for (auto waiter = first; waiter != last; ++waiter) *waiter->second = true;
    changed_.notify_all();
}

Result<RunView> Engine::Core::wait(const EngineRunId& run, Milliseconds timeout)
{
    using Steady = std::chrono::steady_clock;
    const auto end = Steady::now() + timeout;
    const auto left = [&] {
        return std::max(Milliseconds{0}, std::chrono::duration_cast<Milliseconds>(end - Steady::now()));
    };
    while (true) {
        if (!wait_here(run, left())) return fail(ErrorKind::timeout, "run {} is still going on", run.str());
        auto view = TRY(find_run(run));
        if (!view) return fail(ErrorKind::not_found, "there is no run {}", run.str());
        const bool is_settled = is_final(view->state) || view->state == RunState::kept;
        if (is_settled || !is_shared()) return *std::move(view);
        if (left() == Milliseconds{0}) return fail(ErrorKind::timeout, "run {} is still going on", run.str());
        {
            const std::lock_guard lock(mutex_);
            if (is_stopping_) return *std::move(view);
        }
        wait_elsewhere(*view, std::min(left(), ask_again_after));
    }
}

/// False when a run of this server is still going on.
bool Engine::Core::wait_here(const EngineRunId& run, Milliseconds timeout)
{
    const auto is_settled = [&] {
        const auto owner = owners_.find(run);
        if (owner == owners_.end() || is_stopping_) return true;
        const auto* active = find_active(owner->second, run);
        // The state is decided before it is committed; only what is on disk counts.
        return active && active->machine.status().state == RunState::kept && !active->is_in_lane;
    };
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, is_settled);
}

/// Until there may be news of its owner, or this server takes it over, or it is time to ask again.
void Engine::Core::wait_elsewhere(const RunView& run, Milliseconds timeout)
{
    bool has_news = false;
    std::unique_lock lock(mutex_);
    const auto waiter = waiters_.emplace(run.owner, &has_news);
    changed_.wait_for(lock, timeout, [&] { return has_news || is_stopping_ || owners_.contains(run.id); });
    waiters_.erase(waiter);
}

}  // namespace ramet::engine
