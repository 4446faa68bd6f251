#include "engine/fill.hpp"
#include "engine/names.hpp"
#include "engine/run_machine.hpp"

#include <algorithm>

namespace ramet::engine {
namespace {

void merge(Outputs& outputs, const Outputs& given)
{
    for (const auto& [name, value] : given) outputs[name] = value;
}

Json found_json(const ResourceRow& row)
{
    return json::object{
        {"external_id", row.ref.external_id}, {"identity", row.ref.identity}, {"outputs", to_json(row.ref.outputs)}};
}

}  // namespace

void RunMachine::begin(std::size_t index, Now now)
{
    auto& step = steps_[index];
    if (step.plan.action != StepAction::remove) return begin_apply(index, now);
    begin_removal(index, now);
}

Result<Json> RunMachine::filled_spec(const Step& step) const
{
    ExistingOutputs outputs;
    for (const auto& need : step.plan.needs)
        if (const auto key = current_.find(need); key != current_.end())
            if (const auto* resource = find_resource(key->second)) outputs.emplace(need, resource->row.ref.outputs);
    return fill_spec(step.plan.spec, outputs);
}

void RunMachine::begin_apply(std::size_t index, Now now)
{
    auto& step = steps_[index];
    const auto filled = filled_spec(step);
    if (!filled) return fail_step(index, filled.error(), now);
    move(step, StepState::ready);
    const auto current = current_.find(step.plan.path);
    if (current == current_.end()) return intend_new(index, *filled, now);
    step.row = current->second;
    begin_existing(index, *filled, now);
}

bool RunMachine::has_promised_outputs(const Step& step) const
{
    const auto& outputs = resources_.at(step.row).row.ref.outputs;
    return std::ranges::all_of(step.plan.outputs, [&](const auto& output) { return outputs.contains(output); });
}

void RunMachine::begin_existing(std::size_t index, const Json& filled, Now now)
{
    auto& step = steps_[index];
    const auto& row = resource_of(step).row;
    auto change = Driver::Change::keep;
    if (row.ref.kind != step.plan.kind)
        change = Driver::Change::replace;
    else if (spec_hash(filled) != row.spec_hash)
        change = world_.classify(step.plan.kind, row.ref.spec, filled);
    if (change == Driver::Change::replace) return intend_new(index, filled, now);
    if (change == Driver::Change::update) return intend(index, filled, now);
    // An earlier run did not see it ready, or an older version did not know all that is promised now: the same request again,
    // with the same token, finds what is there.
    if (row.phase == Phase::intended || !has_promised_outputs(step)) return intend(index, Json(row.ref.spec), now);
    if (setup_.request.probe_all) {
        move(step, StepState::probe);
        return call(index, Verb::probe, now);
    }
    move(step, StepState::done);
    step.was_done = true;
    release_dependents(step, now);
}

void RunMachine::intend_new(std::size_t index, const Json& filled, Now now)
{
    auto& step = steps_[index];
    std::int64_t incarnation = step.plan.action == StepAction::create ? step.plan.incarnation : 1;
    for (const auto& [key, resource] : resources_)
        if (key.first == step.plan.path) incarnation = std::max(incarnation, key.second + 1);
    ResourceRow row;
    row.ref.id = derive_resource_id(world_.install, setup_.run.owner, step.plan.path);
    row.ref.path = step.plan.path;
    row.ref.kind = step.plan.kind;
    row.ref.incarnation = incarnation;
    row.ref.name = derive_name(row.ref.path, row.ref.id, incarnation);
    row.ref.mark = OwnerMark{world_.install, setup_.run.owner, random_hex(*world_.random, 16)};
    row.intent_at = now.wall;
    step.row = {step.plan.path, incarnation};
    resources_.emplace(step.row, Resource{std::move(row), {}, {}});
    current_[step.plan.path] = step.row;
    made_here_.insert(step.row);
    intend(index, filled, now);
}

void RunMachine::intend(std::size_t index, const Json& filled, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    // Where what stands is kept on a failure, what stood before is good enough to return to: other things may need it.
    const bool stays = row.phase == Phase::live && setup_.request.on_failure == FailurePolicy::keep_last_good;
    if (stays && !row.last_good_spec) keep_as_good(row);
    row.ref.spec = filled;
    row.spec_hash = spec_hash(filled);
    row.depends_on = step.plan.needs;
    if (!step.started_at) step.started_at = now.wall;
    intend_again(index, now);
}

void RunMachine::intend_again(std::size_t index, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    move(step, StepState::intent);
    row.phase = Phase::intended;
    row.changed_at.reset();
    ++step.attempt;
    step.has_intent = true;
    step.looks = 0;
    record(step, RecordKind::intent,
           json::object{{"name", row.ref.name},
                        {"incarnation", row.ref.incarnation},
                        {"nonce", row.ref.mark.nonce},
                        {"made", made_here_.contains(step.row)}},
           now);
    changed(step.row);
    call(index, Verb::apply, now);
}

void RunMachine::acknowledge(Step& step, const Acknowledged& acknowledged, Now now)
{
    auto& resource = resource_of(step);
    auto& ref = resource.row.ref;
    if (!acknowledged.external_id.empty()) ref.external_id = acknowledged.external_id;
    if (!acknowledged.identity.empty()) ref.identity = acknowledged.identity;
    merge(ref.outputs, acknowledged.outputs);
    // An earlier call may still make another object of ours, whose identity nobody told: then the row stays unanswered.
    if (now.steady >= resource.uncertain_until) resource.row.changed_at = now.wall;
    resource.absence_from = now.steady + horizon_of(resource.row);
    step.errors = 0;
    changed(step.row);
}

void RunMachine::on_applied(std::size_t index, const CallOutcome& outcome, Now now)
{
    auto& step = steps_[index];
    if (!outcome.applied || !*outcome.applied)
        return on_apply_error(index, outcome.applied ? outcome.applied->error() : Error{}, now);
    acknowledge(step, **outcome.applied, now);
    move(step, StepState::acked);
    move(step, StepState::waiting);
    // Ready in the same breath: OBSERVED says all that ACK would say.
    const bool is_ready = outcome.readiness && *outcome.readiness && std::holds_alternative<Ready>(**outcome.readiness);
    if (!is_ready) record(step, RecordKind::ack, found_json(resource_of(step).row), now);
    if (outcome.readiness) return on_readiness(index, *outcome.readiness, now);
    wait_for(step, Next::await, now.steady);
}

void RunMachine::on_apply_error(std::size_t index, const Error& error, Now now)
{
    auto& step = steps_[index];
    lose_answer(resource_of(step), now);
    ++step.errors;
    const bool is_interrupted = error.kind == ErrorKind::cancelled;
    if ((!is_transient(error.kind) && !is_interrupted) || step.attempt >= world_.budgets.attempts)
        return fail_step(index, error, now);
    step.waiting_for = error.message;
    if (error.kind == ErrorKind::unavailable) {
        move(step, StepState::backoff);
        return back_off(step, Next::intent, now);
    }
    move(step, StepState::unknown);
    wait_for(step, Next::probe, now.steady);
}

void RunMachine::on_readiness(std::size_t index, const Result<Readiness>& readiness, Now now)
{
    auto& step = steps_[index];
    if (!readiness) {
        const bool may_retry = is_transient(readiness.error().kind) || readiness.error().kind == ErrorKind::cancelled;
        if (!may_retry || ++step.errors >= world_.budgets.attempts) return fail_step(index, readiness.error(), now);
        step.waiting_for = readiness.error().message;
        return back_off(step, Next::await, now);
    }
    step.errors = 0;
    if (const auto* failed = std::get_if<Failed>(&*readiness)) return fail_step(index, failed->error, now);
    if (const auto* ready = std::get_if<Ready>(&*readiness)) return complete(index, *ready, now);
    const auto& not_yet = std::get<NotYet>(*readiness);
    step.waiting_for = not_yet.reason;
    await_again(step, not_yet.look_again_after, now);
}

void RunMachine::complete(std::size_t index, const Ready& ready, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    merge(row.ref.outputs, ready.outputs);
    for (const auto& output : step.plan.outputs)
        if (!row.ref.outputs.contains(output)) return on_missing_output(index, output, now);
    row.phase = Phase::live;
    record(step, RecordKind::observed, found_json(row), now);
    changed(step.row);
    move(step, StepState::done);
    step.was_done = true;
    step.ended_at = now.wall;
    release_dependents(step, now);
}

// An output that only apply's answer gave was lost with that answer: the same request again gives it again.
void RunMachine::on_missing_output(std::size_t index, const std::string& output, Now now)
{
    auto& step = steps_[index];
    const bool may_ask_again = std::exchange(step.was_adopted, false) && step.attempt < world_.budgets.attempts;
    if (!may_ask_again)
        return fail_step(index,
                         Error{ErrorKind::internal, step.plan.path + " is ready without its output " + output,
                               resource_of(step).row.ref.name},
                         now);
    if (stop_ == Stop::none) intend_again(index, now);
}

void RunMachine::on_probed(std::size_t index, const Result<Observation>& observed, Now now)
{
    auto& step = steps_[index];
    if (!observed) {
        const bool may_retry = is_transient(observed.error().kind) || observed.error().kind == ErrorKind::cancelled;
        if (!may_retry || ++step.errors >= world_.budgets.attempts) return fail_step(index, observed.error(), now);
        step.waiting_for = observed.error().message;
        return back_off(step, Next::probe, now);
    }
    if (observed->presence == Presence::absent) return on_absent(index, now);
    const bool is_ours =
        observed->presence == Presence::ours && !is_older_than_intent(*observed, resource_of(step).row.intent_at);
    if (is_ours) return on_found(index, *observed, now);
    fail_step(index,
              Error{ErrorKind::conflict, "what is called " + resource_of(step).row.ref.name + " is not ours",
                    observed->evidence, "find out who made it; Ramet neither changes nor removes it"},
              now);
}

void RunMachine::on_found(std::size_t index, const Observation& observation, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    // An incarnation of this run had one spec only. An older one may have had this very spec before the last, and a stale
    // read would show it: there a read counts after the horizon only, and until then the request is simply repeated.
    const bool can_be_stale = step.has_intent && !made_here_.contains(step.row) && !believes_absence(step);
    // Where a driver cannot tell what was applied, an apply that was cut off half way looks like one that was not.
    const bool is_told = !observation.spec_hash.empty();
    const bool has_spec = is_told ? observation.spec_hash == row.spec_hash && !can_be_stale : !step.has_intent;
    const bool is_as_wanted = has_spec && observation.is_intact;
    if (!is_as_wanted) {
        if (stop_ == Stop::none) intend_again(index, now);
        return;
    }
    if (!step.has_intent) {
        move(step, StepState::done);
        step.was_done = true;
        return release_dependents(step, now);
    }
    move(step, StepState::adopt);
    step.was_adopted = true;
    acknowledge(step, Acknowledged{observation.external_id, observation.identity, {}}, now);
    record(step, RecordKind::adopted, found_json(row), now);
    move(step, StepState::waiting);
    wait_for(step, Next::await, now.steady);
}

void RunMachine::on_absent(std::size_t index, Now now)
{
    auto& step = steps_[index];
    auto& resource = resource_of(step);
    if (!believes_absence(step)) return wait_for(step, Next::probe, resource.absence_from);
    if (stop_ != Stop::none) return;
    if (step.has_intent) {
        record(step, RecordKind::absent, nullptr, now);
        return intend_again(index, now);
    }
    // The ledger said live: that incarnation has ended, the next one takes its path.
    const auto spec = resource.row.ref.spec;
    resource.row.phase = Phase::gone;
    resource.row.absent_at = now.wall;
    record(step, RecordKind::tombstone, json::object{{"incarnation", resource.row.ref.incarnation}}, now);
    changed(step.row);
    intend_new(index, spec, now);
}

void RunMachine::fail_step(std::size_t index, Error error, Now now)
{
    auto& step = steps_[index];
    step.next = Next::nothing;
    step.error = error;
    step.ended_at = now.wall;
    move(step, StepState::failed);
    record(step, RecordKind::failed, to_json(error), now);
    if (destroys()) return release_dependents(step, now);
    if (!setup_.run.status.error) {
        setup_.run.status.error = std::move(error);
        effects_.status_changed = true;
    }
    stop(Stop::failure, now);
}

}  // namespace ramet::engine
