#include "engine/run_machine.hpp"

#include "engine/mailbox.hpp"

#include <algorithm>

namespace ramet::engine {
namespace {

Error out_of_time(Milliseconds timeout, const std::string& open_steps)
{
    return Error{ErrorKind::timeout, "the run took longer than " + format_duration(timeout), "not done: " + open_steps,
                 "look at what the steps waited for, or give it more time"};
}

}  // namespace

RunMachine::RunMachine(Setup setup, const MachineWorld& world, Now now) : setup_(std::move(setup)), world_(world)
{
    for (auto& row : setup_.ledger) {
        const RowKey key{row.ref.path, row.ref.incarnation};
        const auto horizon = horizon_of(row);
        const bool is_recent = world_.has_other_clocks || !row.changed_at || now.wall - *row.changed_at < horizon;
        const bool is_usable = row.phase == Phase::intended || row.phase == Phase::live;
        if (is_usable && (!current_.contains(row.ref.path) || current_[row.ref.path] < key))
            current_[row.ref.path] = key;
        Resource resource{std::move(row), {}, {}};
        if (is_recent) resource.absence_from = now.steady + horizon;
        if (!resource.row.changed_at) resource.uncertain_until = now.steady + horizon;
        resources_.emplace(key, std::move(resource));
    }
    setup_.ledger.clear();
    link_steps();
}

void RunMachine::link_steps()
{
    std::map<std::string, std::size_t> index_by_key;
    for (auto& plan : setup_.plan.steps) {
        Step step;
        step.row = {plan.path, plan.incarnation};
        index_by_key.emplace(plan.key, steps_.size());
        if (plan.stage != StepStage::remove) ++open_before_removal_;
        step.plan = std::move(plan);
        steps_.push_back(std::move(step));
    }
    setup_.plan.steps.clear();
    for (auto& step : steps_) {
        for (const auto& key : step.plan.after) {
            const auto before = index_by_key.find(key);
            if (before == index_by_key.end()) continue;
            steps_[before->second].dependents.push_back(index_of(step));
            ++step.blockers;
        }
        // One more for the gate between making and removing.
        if (step.plan.stage == StepStage::remove && open_before_removal_ > 0) ++step.blockers;
    }
}

bool RunMachine::destroys() const
{
    return removes(setup_.run.kind);
}

void RunMachine::start(Now now)
{
    move_run(RunState::running);
    setup_.run.status.deadline = now.wall + setup_.request.timeout;
    deadline_ = now.steady + setup_.request.timeout;
    for (auto& step : steps_)
        if (step.blockers == 0) ready_.push_back(index_of(step));
    keep_unchanged(now);
    advance(now);
}

// What is kept as a whole is done at once, without an INTENT, a call or a commit.
void RunMachine::keep_unchanged(Now now)
{
    if (setup_.request.probe_all) return;
    for (auto& step : steps_) {
        if (step.plan.action != StepAction::keep || step.state != StepState::pending) continue;
        auto& row = resource_of(step).row;
        if (row.depends_on != step.plan.needs) {
            row.depends_on = step.plan.needs;
            changed(step.row);
        }
        move(step, StepState::done);
        step.was_done = true;
        release_dependents(step, now);
    }
}

void RunMachine::release_dependents(Step& step, Now now)
{
    const bool failed = step.state == StepState::failed;
    for (const auto index : step.dependents) {
        auto& dependent = steps_[index];
        if (dependent.blockers > 0) {
            --dependent.blockers;
            if (dependent.blockers == 0) ready_.push_back(index);
        }
        if (!failed || dependent.plan.action == StepAction::remove || dependent.state != StepState::pending) continue;
        dependent.error =
            Error{ErrorKind::conflict, dependent.plan.path + " needs " + step.plan.path + ", which failed"};
        move(dependent, StepState::failed);
        dependent.ended_at = now.wall;
        release_dependents(dependent, now);
    }
    if (step.plan.stage == StepStage::remove || --open_before_removal_ > 0) return;
    if (!destroys()) mark_good();
    for (auto& removal : steps_)
        if (removal.plan.stage == StepStage::remove && --removal.blockers == 0) ready_.push_back(index_of(removal));
}

void RunMachine::advance(Now now)
{
    if (has_ended()) return;
    check_deadline(now);
    if (has_ended()) return;  // What was kept and cannot be taken back.
    if (stop_ != Stop::none && setup_.run.status.state != RunState::compensating) {
        if (is_settled()) conclude_stop(now);
        return;
    }
    if (setup_.run.status.state == RunState::compensating) {
        if (stop_ == Stop::supersede) {
            if (is_settled()) finish(RunState::superseded, now);
            return;
        }
        schedule_undo(now);
        if (is_idle()) finish_compensation(now);
        return;
    }
    if (setup_.run.status.state == RunState::running) schedule(now);
}

void RunMachine::schedule(Now now)
{
    for (std::size_t next = 0; next < ready_.size() && stop_ == Stop::none; ++next) {
        const auto index = ready_[next];
        if (steps_[index].state == StepState::pending) begin(index, now);
    }
    if (stop_ != Stop::none) {
        advance(now);
        return;
    }
    ready_.clear();
    if (!is_idle()) return;
    const bool complete = std::ranges::all_of(steps_, [this](const Step& step) {
        return step.state == StepState::done || (destroys() && step.state == StepState::failed);
    });
    finish(complete ? RunState::succeeded : RunState::needs_human, now);
}

bool RunMachine::is_settled() const
{
    return std::ranges::none_of(steps_, &Step::is_calling);
}

bool RunMachine::is_idle() const
{
    return std::ranges::none_of(steps_, [](const Step& step) { return step.is_calling || step.next != Next::nothing; });
}

bool RunMachine::is_past_commit_point() const
{
    return open_before_removal_ == 0 && std::ranges::any_of(steps_, [](const Step& step) {
               return step.plan.stage == StepStage::remove && step.has_intent;
           });
}

void RunMachine::stop(Stop reason, Now now)
{
    const bool stronger =
        stop_ == Stop::none || reason == Stop::supersede || (stop_ == Stop::failure && reason == Stop::cancel);
    if (!stronger) return;
    stop_ = reason;
    for (auto& step : steps_) {
        step.next = Next::nothing;
        const bool may_interrupt = step.is_calling && world_.is_cancellable(step.plan.kind);
        if (may_interrupt && reason != Stop::supersede) interrupts_.push_back(index_of(step));
    }
    (void)now;
}

void RunMachine::conclude_stop(Now now)
{
    if (stop_ == Stop::supersede) return finish(RunState::superseded, now);
    if (stop_ == Stop::out_of_time) return run_out_of_time(now);
    if (setup_.run.status.state == RunState::kept) {
        if (stop_ == Stop::cancel) begin_compensation(now);
        return;
    }
    plan_undo();
    if (std::ranges::none_of(steps_, [](const Step& step) { return step.undo != Undo::none; }))
        return finish(stop_ == Stop::cancel ? RunState::cancelled : RunState::rolled_back, now);
    const bool keeps = stop_ == Stop::failure && setup_.request.keep_failed > Milliseconds{0} &&
                       setup_.request.on_failure == FailurePolicy::roll_back;
    if (!keeps) return begin_compensation(now);
    move_run(RunState::kept);
    setup_.run.status.kept_until = now.wall + setup_.request.keep_failed;
    kept_until_ = now.steady + setup_.request.keep_failed;
}

void RunMachine::check_deadline(Now now)
{
    const auto state = setup_.run.status.state;
    if (state == RunState::kept && now.steady >= kept_until_) return begin_compensation(now);
    if (state != RunState::running || stop_ != Stop::none) return;
    // Half of a destroy's time belongs to its jobs; the other half to the removal, which must not be starved by them.
    job_time_is_over_ |= destroys() && now.steady >= deadline_ - setup_.request.timeout / 2;
    if (job_time_is_over_)
        for (auto& step : steps_) {
            if (step.plan.stage != StepStage::apply || is_over(step.state)) continue;
            if (!step.is_calling)
                fail_step(index_of(step), Error{ErrorKind::timeout, step.plan.path + " was not done in time"}, now);
            else if (world_.is_cancellable(step.plan.kind))
                interrupts_.push_back(index_of(step));
        }
    if (now.steady < deadline_) return;
    std::string open;
    for (const auto& step : steps_)
        if (step.has_intent && !is_over(step.state))
            open += (open.empty() ? "" : ", ") + step.plan.key +
                    (step.waiting_for.empty() ? "" : " (" + step.waiting_for + ")");
    if (!setup_.run.status.error) setup_.run.status.error = out_of_time(setup_.request.timeout, open);
    effects_.status_changed = true;
    stop(destroys() || is_past_commit_point() ? Stop::out_of_time : Stop::failure, now);
}

void RunMachine::run_out_of_time(Now now)
{
    for (auto& step : steps_)
        if (step.has_intent && !is_over(step.state) && is_allowed(step.state, StepState::stuck))
            get_stuck(index_of(step), *setup_.run.status.error, now);
    finish(RunState::needs_human, now);
}

void RunMachine::on_outcome(std::size_t index, Verb verb, const CallOutcome& outcome, Now now)
{
    auto& step = steps_[index];
    step.is_calling = false;
    effects_.changed_steps.insert(index);
    const bool removes = step.undo == Undo::remove || step.plan.action == StepAction::remove;
    if (removes && step.state == StepState::undoing)
        on_removed(index, outcome, now);
    else if (step.state == StepState::undoing)
        on_restored(index, verb, outcome, now);
    else if (step.plan.action == StepAction::remove)
        on_removed(index, outcome, now);
    else if (verb == Verb::apply)
        on_applied(index, outcome, now);
    else if (verb == Verb::await && outcome.readiness)
        on_readiness(index, *outcome.readiness, now);
    else if (outcome.observed)
        on_probed(index, *outcome.observed, now);
    // While it settles nothing is planned ahead, whatever the answer asked for.
    const bool settles =
        stop_ != Stop::none && (setup_.run.status.state == RunState::running || stop_ == Stop::supersede);
    if (settles) step.next = Next::nothing;
    advance(now);
}

void RunMachine::on_tick(Now now)
{
    for (std::size_t index = 0; index < steps_.size(); ++index) {
        auto& step = steps_[index];
        if (step.next != Next::nothing && step.wake <= now.steady && !step.is_calling) wake_step(index, now);
    }
    advance(now);
}

void RunMachine::wake_step(std::size_t index, Now now)
{
    auto& step = steps_[index];
    const auto next = std::exchange(step.next, Next::nothing);
    if (next == Next::await) return call(index, Verb::await, now);
    if (next == Next::probe) {
        if (step.state == StepState::unknown) move(step, StepState::probe);
        return call(index, Verb::probe, now);
    }
    if (step.state == StepState::undoing)
        return step.undo == Undo::remove ? intend_removal(index, now) : intend_restore(index, now);
    if (step.plan.action == StepAction::remove) return intend_removal(index, now);
    intend_again(index, now);
}

Result<void> RunMachine::cancel(Now now)
{
    if (has_ended()) return fail(ErrorKind::conflict, "the run has ended: {}", to_string(setup_.run.status.state));
    if (destroys()) return fail(ErrorKind::conflict, "a removal that has begun is not cancelled");
    if (is_past_commit_point())
        return fail(ErrorKind::conflict, "the new version is in place already, only the old one is left to remove");
    if (setup_.run.status.cancel == CancelRequest::requested || setup_.run.status.state == RunState::compensating)
        return {};
    setup_.run.status.cancel = CancelRequest::requested;
    effects_.status_changed = true;
    stop(Stop::cancel, now);
    advance(now);
    return {};
}

void RunMachine::supersede(const EngineRunId& by, const Graph& wanted, Now now)
{
    if (has_ended()) return;
    setup_.run.status.superseded_by = by;
    effects_.status_changed = true;
    stop(Stop::supersede, now);
    for (auto& step : steps_) {
        if (!step.is_calling || step.plan.action == StepAction::remove || !world_.is_cancellable(step.plan.kind))
            continue;
        const auto node = std::ranges::find(wanted.nodes, step.plan.path, &Node::path);
        const bool is_unchanged =
            node != wanted.nodes.end() && node->kind == step.plan.kind && node->spec == step.plan.spec;
        if (!is_unchanged) interrupts_.push_back(index_of(step));
    }
    advance(now);
}

Effects RunMachine::take_effects()
{
    for (const auto& key : std::exchange(changed_rows_, {})) effects_.rows.emplace(key, resources_.at(key).row);
    return std::exchange(effects_, Effects{});
}

std::vector<CallRequest> RunMachine::on_committed(std::vector<CallRequest> calls, Now now)
{
    std::vector<CallRequest> wanted;
    const bool settles =
        stop_ != Stop::none && (setup_.run.status.state == RunState::running || stop_ == Stop::supersede);
    for (auto& request : calls) {
        auto& step = steps_[request.step];
        if (settles || has_ended()) {
            step.is_calling = false;
            continue;
        }
        if (step.state == StepState::intent) move(step, StepState::in_flight);
        step.called_at = now.steady;
        wanted.push_back(std::move(request));
    }
    advance(now);
    return wanted;
}

std::vector<std::size_t> RunMachine::take_interrupts()
{
    return std::exchange(interrupts_, {});
}

std::optional<Milliseconds> RunMachine::wake_at() const
{
    if (has_ended()) return std::nullopt;
    std::optional<Milliseconds> first;
    const auto take = [&first](Milliseconds when) { first = first ? std::min(*first, when) : when; };
    for (const auto& step : steps_)
        if (step.next != Next::nothing && !step.is_calling) take(step.wake);
    if (setup_.run.status.state == RunState::kept) take(kept_until_);
    if (setup_.run.status.state == RunState::running && stop_ == Stop::none) {
        take(deadline_);
        if (destroys() && !job_time_is_over_) take(deadline_ - setup_.request.timeout / 2);
    }
    return first;
}

}  // namespace ramet::engine
