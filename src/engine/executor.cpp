#include "engine/executor.hpp"

#include "engine/executor_core.hpp"

#include <future>

namespace ramet::engine {
namespace {

MachineWorld machine_world(const World& world, const EngineOptions& options)
{
    const auto find = [&drivers = world.drivers](const std::string& kind) -> Driver* {
        const auto found = drivers.find(kind);
        return found == drivers.end() ? nullptr : found->second;
    };
    MachineWorld machine;
    machine.install = options.install;
    machine.budgets = options.budgets;
    machine.random = &world.random;
    machine.counts = options.counts;
    machine.has_other_clocks = options.lease_terms.has_value();
    machine.classify = [find](const std::string& kind, const Json& old_spec, const Json& new_spec) {
        const auto* driver = find(kind);
        return driver ? driver->classify_change(old_spec, new_spec) : Driver::Change::update;
    };
    machine.consistency_horizon = [find](const std::string& kind) {
        const auto* driver = find(kind);
        return driver ? driver->consistency_horizon() : Milliseconds{0};
    };
    machine.is_cancellable = [find](const std::string& kind) {
        const auto* driver = find(kind);
        return !driver || driver->is_cancellable();
    };
    return machine;
}

/// Starts something that answers through a function, and waits for the answer.
template <typename T, typename Start>
Result<T> wait_for(const Start& start)
{
    const auto answer = std::make_shared<std::promise<Result<T>>>();
    start([answer](Result<T> result) { answer->set_value(std::move(result)); });
    return answer->get_future().get();
}

}  // namespace

Engine::Core::Core(World world, EngineOptions options)
    : world_(world), options_(std::move(options)), machine_world_(machine_world(world_, options_)),
      holder_("engine-" + random_hex(world_.random, 8))
{
}

/// Runs that end in the mailbox never had a machine.
void Engine::Core::count(RunState from, RunState to)
{
    if (options_.counts) options_.counts->count(from, to);
}

void Engine::Core::submit(RunRequest request, ExtraWrite extra, SubmitDone done, std::optional<GivenPlan> given)
{
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        if (!is_stopping_)
            enqueue(SubmitItem{std::move(request), std::move(extra), std::move(done), std::move(given)}, outbox);
        else
            outbox.callbacks.push_back(
                [done = std::move(done)] { done(fail(ErrorKind::unavailable, "Ramet is stopping")); });
    }
    flush(std::move(outbox));
}

void Engine::Core::cancel(const EngineRunId& run, CancelDone done)
{
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        const auto found = owners_.find(run);
        const auto owner = found == owners_.end() ? OwnerId() : found->second;
        auto* active = found == owners_.end() ? nullptr : find_active(owner, run);
        if (active) {
            const auto result = active->machine.cancel(now());
            pump(owner, *active, outbox);
            if (result && active->is_in_lane)
                active->after_commit.push_back(std::move(done));
            else
                outbox.callbacks.push_back([done = std::move(done), result] { done(result); });
        } else if (found != owners_.end() && !is_stopping_) {
            enqueue(CancelItem{owner, run, std::move(done)}, outbox);
        } else {
            outbox.callbacks.push_back([this, done = std::move(done), run] { cancel_elsewhere(run, done); });
        }
    }
    flush(std::move(outbox));
}

void Engine::Core::recover(RecoverDone done)
{
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        if (!is_stopping_)
            enqueue(RecoverAllItem{std::move(done)}, outbox);
        else
            outbox.callbacks.push_back(
                [done = std::move(done)] { done(fail(ErrorKind::unavailable, "Ramet is stopping")); });
    }
    flush(std::move(outbox));
}

Result<RunView> Engine::Core::preview(const RunRequest& request)
{
    const auto records = TRY(world_.store.load_owner(request.owner));
    const auto steps = TRY(plan_for(request, records.resources));
    auto row = TRY(new_row(request, records, steps));
    return view_of(row, steps, History{});
}

Result<std::optional<RunView>> Engine::Core::find_run(const EngineRunId& run)
{
    {
        const std::lock_guard lock(mutex_);
        if (const auto owner = owners_.find(run); owner != owners_.end())
            if (const auto* active = find_active(owner->second, run)) return active->machine.view();
    }
    const auto row = TRY(world_.store.find_run(run));
    if (!row) return std::optional<RunView>{};
    const auto journal = TRY(world_.store.load_journal(run));
    const auto history = TRY(read_history(journal));
    const auto steps = TRY(plan_from_json(row->plan));
    return view_of(*row, steps, history);
}

Result<std::vector<RunView>> Engine::Core::list_runs(const OwnerId& owner, std::size_t limit)
{
    std::vector<RunView> views;
    const auto rows = TRY(world_.store.list_runs(owner, limit));
    for (const auto& row : rows)
        if (auto view = TRY(find_run(row.id))) views.push_back(std::move(*view));
    return views;
}

void Engine::Core::stop()
{
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        for (auto& [owner, slot] : slots_)
            if (slot.active)
                for (auto& [step, interrupt] : slot.active->interrupts) interrupt.request_stop();
        changed_.notify_all();
    }
    world_.scheduler.stop();
    answer_what_is_left();
    release_all();
}

/// Nobody shall wait for ever for an answer that only the next process can give.
void Engine::Core::answer_what_is_left()
{
    const Error error{ErrorKind::unavailable, "Ramet is stopping", "", "try again when it is up"};
    std::vector<CancelDone> cancels;
    std::vector<SubmitItem> submissions;
    std::vector<RecoverDone> recoveries;
    {
        const std::lock_guard lock(mutex_);
        submissions.swap(deferred_);
        // Somebody may have put it into the lane in the very moment in which that ended.
        auto items = std::exchange(lane_, {});
        for (auto& [owner, stalled] : std::exchange(stalled_, {}))
            std::ranges::move(stalled, std::back_inserter(items));
        for (auto& item : items) {
            if (auto* submit = std::get_if<SubmitItem>(&item)) submissions.push_back(std::move(*submit));
            if (auto* cancel = std::get_if<CancelItem>(&item)) cancels.push_back(std::move(cancel->done));
            if (auto* request = std::get_if<RequestItem>(&item)) cancels.push_back(std::move(request->done));
            if (auto* recovery = std::get_if<RecoverItem>(&item)) recoveries.push_back(std::move(recovery->done));
            if (auto* recovery = std::get_if<RecoverAllItem>(&item)) recoveries.push_back(std::move(recovery->done));
        }
        for (auto& [owner, slot] : slots_)
            if (slot.active)
                std::ranges::move(std::exchange(slot.active->after_commit, {}), std::back_inserter(cancels));
    }
    for (const auto& done : cancels) done(std::unexpected(error));
    for (const auto& item : submissions) item.done(std::unexpected(error));
    for (const auto& done : recoveries) done(std::unexpected(error));
}

Engine::Engine(World world, EngineOptions options) : core_(std::make_unique<Core>(world, std::move(options))) {}
Engine::~Engine()
{
    stop();
}

Result<EngineRunId> Engine::submit(const RunRequest& request, ExtraWrite extra)
{
    return wait_for<EngineRunId>([&](auto done) { core_->submit(request, std::move(extra), std::move(done)); });
}

void Engine::submit_async(RunRequest request, ExtraWrite extra, std::function<void(Result<EngineRunId>)> done)
{
    core_->submit(std::move(request), std::move(extra), std::move(done));
}

Result<RunView> Engine::preview(const RunRequest& request)
{
    return core_->preview(request);
}

Result<void> Engine::cancel(const EngineRunId& run)
{
    return wait_for<void>([&](auto done) { core_->cancel(run, std::move(done)); });
}

void Engine::cancel_async(const EngineRunId& run, std::function<void(Result<void>)> done)
{
    core_->cancel(run, std::move(done));
}

Result<std::optional<RunView>> Engine::find_run(const EngineRunId& run)
{
    return core_->find_run(run);
}

Result<std::vector<RunView>> Engine::list_runs(const OwnerId& owner, std::size_t limit)
{
    return core_->list_runs(owner, limit);
}

Result<std::vector<ResourceView>> Engine::list_resources(const OwnerId& owner)
{
    std::vector<ResourceView> views;
    const auto rows = TRY(core_->store().list_resources(owner));
    for (const auto& row : rows)
        views.push_back({row.ref, row.ref.path, row.phase, row.spec_hash, row.depends_on, row.absent_at});
    return views;
}

Result<std::optional<Receipt>> Engine::find_receipt(const OwnerId& owner)
{
    return core_->store().find_receipt(owner);
}

Result<int> Engine::recover()
{
    return wait_for<int>([&](auto done) { core_->recover(std::move(done)); });
}

void Engine::recover_async(std::function<void(Result<int>)> done)
{
    core_->recover(std::move(done));
}

void Engine::look(const OwnerId& owner)
{
    core_->look(owner);
}

Result<int> Engine::look_for_abandoned()
{
    return recover();
}

void Engine::look_for_abandoned_async(std::function<void(Result<int>)> done)
{
    core_->recover(std::move(done));
}

Result<SweepReport> Engine::sweep(const SweepRequest& request)
{
    auto report = TRY(wait_for<SweepReport>([&](auto done) { core_->sweep(request, std::move(done)); }));
    for (const auto& run : report.runs) report.removed += TRY(core_->count_removed(run));
    return report;
}

void Engine::sweep_async(const SweepRequest& request, std::function<void(Result<SweepReport>)> done)
{
    core_->sweep(request, std::move(done));
}

Result<RunView> Engine::wait(const EngineRunId& run, Milliseconds timeout)
{
    return core_->wait(run, timeout);
}

void Engine::stop()
{
    core_->stop();
}

}  // namespace ramet::engine
