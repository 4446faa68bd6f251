#include "engine/executor_core.hpp"

namespace ramet::engine {

namespace {

bool is_error(const CallOutcome& outcome)
{
    return (outcome.applied && !*outcome.applied) || (outcome.removed && !*outcome.removed) ||
           (outcome.observed && !*outcome.observed) || (outcome.readiness && !*outcome.readiness);
}

}  // namespace

Now Engine::Core::now()
{
    return Now{world_.clock.now(), world_.clock.monotonic()};
}

Engine::Core::Active* Engine::Core::find_active(const OwnerId& owner, const EngineRunId& run)
{
    const auto slot = slots_.find(owner);
    if (slot == slots_.end() || !slot->second.active || slot->second.active->machine.run().id != run) return nullptr;
    return slot->second.active.get();
}

/// Carries out what a machine decided: what is durable goes to the lane first, the rest is done at once.
void Engine::Core::pump(const OwnerId& owner, Active& active, Outbox& outbox)
{
    for (const auto step : active.machine.take_interrupts())
        if (const auto call = active.interrupts.find(step); call != active.interrupts.end())
            call->second.request_stop();
    while (!active.is_in_lane) {
        auto effects = active.machine.take_effects();
        if (effects.is_empty()) break;
        if (effects.is_durable()) {
            active.held = std::move(effects);
            active.is_in_lane = true;
            enqueue(RunItem{owner, active.machine.run().id}, outbox);
            break;
        }
        tell(owner, active, effects);
        launch(owner, active, active.machine.on_committed(std::move(effects.calls), now()), outbox);
    }
    arm(owner, active, outbox);
}

void Engine::Core::launch(const OwnerId& owner, Active& active, std::vector<CallRequest> calls, Outbox& outbox)
{
    if (is_stopping_) return;
    for (auto& request : calls) {
        ++under_way_[owner];
        auto& interrupt = active.interrupts[request.step];
        interrupt = std::stop_source();
        const auto& machine = active.machine;
        outbox.launches.push_back(
            {machine.run().id, owner, std::move(request), interrupt.get_token(), machine.epoch()});
    }
}

void Engine::Core::tell(const OwnerId& owner, Active& active, const Effects& effects)
{
    if (effects.status_changed) changed_.notify_all();
    if (!options_.observer) return;
    const auto& run = active.machine.run();
    for (const auto step : effects.changed_steps)
        changes_.push_back({run.id, owner, run.status.state, active.machine.view(step)});
    if (effects.status_changed) changes_.push_back({run.id, owner, run.status.state, std::nullopt});
}

void Engine::Core::arm(const OwnerId& owner, Active& active, Outbox& outbox)
{
    const auto wake = active.machine.wake_at();
    if (!wake || (active.armed && *active.armed <= *wake)) return;
    active.armed = wake;
    outbox.timers.push_back({owner, active.machine.run().id, *wake});
}

void Engine::Core::on_timer(const OwnerId& owner, const EngineRunId& run)
{
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        auto* active = find_active(owner, run);
        if (!active || is_stopping_) return;
        active->armed.reset();
        active->machine.on_tick(now());
        pump(owner, *active, outbox);
    }
    flush(std::move(outbox));
}

void Engine::Core::on_answer(const OwnerId& owner, const EngineRunId& run, const CallRequest& request,
                             const CallOutcome& outcome)
{
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        const auto under_way = under_way_.find(owner);
        if (--under_way->second == 0) under_way_.erase(under_way);
        // Those of a lease that was lost have no machine any more, and nothing of the next one's begins before they are answered.
        if (!slots_.contains(owner) && !under_way_.contains(owner)) wake_stalled(owner, outbox);
        if (auto* active = find_active(owner, run)) {
            active->interrupts.erase(request.step);
            // An error may come from our own stopping: the next process finds out what is there.
            if (is_stopping_ && is_error(outcome)) return;
            active->machine.on_outcome(request.step, request.verb, outcome, now());
            pump(owner, *active, outbox);
        }
    }
    flush(std::move(outbox));
}

namespace {

CallOutcome not_made(Verb verb, const Error& error)
{
    CallOutcome outcome;
    outcome.observed = std::unexpected(error);
    if (verb == Verb::apply) outcome.applied = std::unexpected(error);
    if (verb == Verb::await) outcome.readiness = std::unexpected(error);
    return outcome;
}

}  // namespace

CallOutcome Engine::Core::make_call(const Outbox::Launch& launch)
{
    if (launch.stop.stop_requested())
        return not_made(launch.request.verb, Error{ErrorKind::cancelled, "it was stopped before it began"});
    Call call{launch.request.deadline, launch.stop, launch.epoch};
    if (is_shared()) call.may_change = [this, &launch] { return may_call(launch); };
    const auto driver = world_.drivers.find(launch.request.ref.kind);
    if (driver != world_.drivers.end()) return perform(*driver->second, launch.request, call);
    return not_made(launch.request.verb,
                    Error{ErrorKind::internal, "nothing serves the kind " + launch.request.ref.kind,
                          launch.request.ref.path, "start Ramet with the target that made it"});
}

/// The slot is free: the run that waits for it is next.
void Engine::Core::end_run(const OwnerId& owner, Outbox& outbox)
{
    auto& slot = slots_.at(owner);
    owners_.erase(slot.active->machine.run().id);
    for (auto& done : slot.active->after_commit) outbox.callbacks.push_back([done = std::move(done)] { done({}); });
    slot.active.reset();
    changed_.notify_all();
    if (slot.waiting.empty()) {
        slots_.erase(owner);
    } else if (!slot.is_starting) {
        slot.is_starting = true;
        enqueue(StartItem{owner}, outbox);
    }
}

/// One thread at a time hands on what is queued, so that every observer hears it in order.
void Engine::Core::tell_observer()
{
    std::unique_lock lock(mutex_);
    if (is_telling_) return;
    is_telling_ = true;
    while (!changes_.empty()) {
        const auto changes = std::exchange(changes_, {});
        lock.unlock();
        for (const auto& change : changes) options_.observer(change);
        lock.lock();
    }
    is_telling_ = false;
}

/// Outside the mutex: a scheduler may run work at once, an observer may ask the engine.
void Engine::Core::flush(Outbox outbox)
{
    tell_observer();
    for (const auto& callback : outbox.callbacks) callback();
    for (auto& launch : outbox.launches) {
        // Two functions share the answer: the one that makes it on a worker and the one that takes it back.
        auto outcome = std::make_shared<CallOutcome>();
        auto shared = std::make_shared<const Outbox::Launch>(std::move(launch));
        world_.scheduler.call(
            [this, outcome, shared] { *outcome = make_call(*shared); },
            [this, outcome, shared] { on_answer(shared->owner, shared->run, shared->request, *outcome); });
    }
    for (const auto& timer : outbox.timers)
        world_.scheduler.at(timer.when, [this, owner = timer.owner, run = timer.run] { on_timer(owner, run); });
    if (outbox.needs_lane) world_.scheduler.write([this] { drain(); });
}

}  // namespace ramet::engine
