#include "engine/names.hpp"
#include "engine/run_machine.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/log.hpp"

namespace ramet::engine {
namespace {

/// What took a while is noticed after a sixteenth of it at the latest.
constexpr int looks_per_elapsed = 16;

}  // namespace

void RunMachine::move(Step& step, StepState to)
{
    if (!is_allowed(step.state, to)) {
        log::error("{}: no transition from {} to {}", step.plan.key, to_string(step.state), to_string(to));
        std::abort();
    }
    if (world_.counts) world_.counts->count(step.state, to);
    step.state = to;
    effects_.changed_steps.insert(index_of(step));
}

void RunMachine::move_run(RunState to)
{
    auto& status = setup_.run.status;
    if (!is_allowed(status.state, to)) {
        log::error("run {}: no transition from {} to {}", setup_.run.id.str(), to_string(status.state), to_string(to));
        std::abort();
    }
    if (world_.counts) world_.counts->count(status.state, to);
    status.state = to;
    effects_.status_changed = true;
}

RunMachine::Resource& RunMachine::resource_of(const Step& step)
{
    return resources_.at(step.row);
}

const RunMachine::Resource* RunMachine::find_resource(const RowKey& key) const
{
    const auto found = resources_.find(key);
    return found == resources_.end() ? nullptr : &found->second;
}

RunMachine::Resource* RunMachine::find_resource(const RowKey& key)
{
    const auto found = resources_.find(key);
    return found == resources_.end() ? nullptr : &found->second;
}

/// The same for every record and call of one request: derived once.
const Token& RunMachine::token_of(Resource& resource) const
{
    const auto& row = resource.row;
    if (resource.token.empty() || resource.token_of != row.spec_hash) {
        resource.token = derive_token(row.ref.id, row.ref.incarnation, setup_.run.id, row.spec_hash);
        resource.token_of = row.spec_hash;
    }
    return resource.token;
}

void RunMachine::record(Step& step, RecordKind kind, Json outcome, Now now)
{
    JournalRecord record;
    record.run = setup_.run.id;
    record.seq = ++journal_.seq;
    record.step = step.plan.key;
    record.attempt = step.attempt;
    record.epoch = setup_.epoch;
    record.kind = kind;
    if (auto* resource = find_resource(step.row)) {
        const auto& row = resource->row;
        record.token = token_of(*resource).str();
        record.request_hash = row.spec_hash;
        record.external_id = row.ref.external_id;
    }
    record.outcome = std::move(outcome);
    record.at = now.wall;
    record.prev_hash = journal_.hash;
    journal_.hash = hash_of(record);
    effects_.records.push_back(std::move(record));
}

void RunMachine::call(std::size_t index, Verb verb, Now now)
{
    auto& step = steps_[index];
    auto& resource = resource_of(step);
    const auto& row = resource.row;
    const auto& budgets = world_.budgets;
    CallRequest request;
    request.step = index;
    request.verb = verb;
    request.ref = row.ref;
    request.token = token_of(resource);
    request.intent_at = row.intent_at;
    if (row.changed_at) request.expected_identity = row.ref.identity;
    request.deadline = now.wall + (verb == Verb::apply ? budgets.apply_timeout : budgets.call_timeout);
    if (verb == Verb::apply && setup_.run.status.deadline && setup_.run.status.state == RunState::running)
        request.deadline = std::min(request.deadline, *setup_.run.status.deadline);
    step.is_calling = true;
    step.verb = verb;
    step.next = Next::nothing;
    step.called_at = now.steady;
    effects_.calls.push_back(std::move(request));
}

void RunMachine::wait_for(Step& step, Next next, Milliseconds until)
{
    step.next = next;
    step.wake = until;
}

// Full jitter: a herd of retries spreads over the whole interval instead of arriving together.
void RunMachine::back_off(Step& step, Next next, Now now)
{
    const auto& budgets = world_.budgets;
    const auto doublings = static_cast<unsigned>(std::clamp(step.errors, 1, 16)) - 1U;
    const auto ceiling = std::min(budgets.longest_delay, budgets.first_delay * (1U << doublings));
    const auto bound = static_cast<std::uint64_t>(std::max<std::int64_t>(ceiling.count(), 1));
    wait_for(step, next, now.steady + Milliseconds{1 + static_cast<std::int64_t>(world_.random->below(bound))});
}

/// In proportion to how long it has taken already: what is quick is noticed at once, and what is slow is rarely asked.
void RunMachine::await_again(Step& step, Milliseconds longest, Now now)
{
    if (step.looks == 0) step.looks_since = now.steady;
    ++step.looks;
    const auto growing = world_.budgets.first_look + (now.steady - step.looks_since) / looks_per_elapsed;
    wait_for(step, Next::await, now.steady + std::clamp(growing, Milliseconds{1}, std::max(Milliseconds{1}, longest)));
}

void RunMachine::look_for_absence_again(Step& step, Now now)
{
    const auto doublings = static_cast<unsigned>(std::clamp(step.looks, 0, 16));
    const auto growing = world_.budgets.first_look * (1U << doublings);
    ++step.looks;
    wait_for(step, Next::probe, now.steady + std::max(Milliseconds{1}, std::min(growing, world_.budgets.longest_look)));
}

Milliseconds RunMachine::horizon_of(const ResourceRow& row) const
{
    return world_.consistency_horizon(row.ref.kind);
}

void RunMachine::lose_answer(Resource& resource, Now now) const
{
    resource.absence_from = resource.uncertain_until = now.steady + horizon_of(resource.row);
}

bool RunMachine::believes_absence(const Step& step)
{
    return step.called_at >= resource_of(step).absence_from;
}

StepView RunMachine::view(std::size_t index) const
{
    const auto& step = steps_[index];
    StepView view;
    view.path = step.plan.path;
    view.kind = step.plan.kind;
    view.action = step.plan.action;
    view.state = step.state;
    view.attempt = step.attempt;
    view.needs = step.plan.needs;
    if (!is_over(step.state)) view.waiting_for = step.waiting_for;
    view.error = step.error;
    view.started_at = step.started_at;
    view.ended_at = step.ended_at;
    return view;
}

RunView RunMachine::view() const
{
    auto run = view_of(setup_.run, Plan{}, History{});
    for (std::size_t index = 0; index < steps_.size(); ++index) {
        const auto& step = steps_[index];
        if (step.plan.condition == RemovalCondition::always || step.has_intent) run.steps.push_back(view(index));
    }
    return run;
}

}  // namespace ramet::engine
