#include "engine/states.hpp"

#include <cstddef>

namespace ramet::engine {
namespace {

using enum StepState;

constexpr StepTransition step_table[] = {
    {pending, ready, "all that it needs is done"},
    {pending, done, "nothing to do: unchanged, or not there"},
    {pending, failed, "something that it needs failed, or the spec cannot be filled"},
    {ready, done, "the filled spec is what is there already"},
    {ready, intent, "an INTENT is written"},
    {ready, probe, "the ledger says live: look whether it is"},
    {intent, in_flight, "the INTENT is committed, the call is made"},
    {in_flight, acked, "the provider answered"},
    {in_flight, unknown, "time-out, crash or interruption: nobody knows"},
    {in_flight, backoff, "throttled or transient"},
    {in_flight, failed, "terminal error, or attempts spent"},
    {in_flight, done, "the removal was answered by observed absence"},
    {in_flight, stuck, "the removal cannot be done"},
    {acked, waiting, "not ready, or not absent, yet"},
    {waiting, done, "ready, or observed absent"},
    {waiting, failed, "failed with evidence, or time spent"},
    {waiting, stuck, "still there when the time was spent"},
    {unknown, probe, "look what is there"},
    {probe, adopt, "ours, as wanted"},
    {probe, intent, "absent, or ours with another spec"},
    {probe, done, "ours and live, or the removal is complete"},
    {probe, failed, "foreign, or attempts spent"},
    {probe, stuck, "the removal cannot be done"},
    {adopt, waiting, "the ledger has it"},
    {backoff, intent, "the delay is over"},
    {backoff, failed, "time spent"},
    {unknown, failed, "time spent"},
    {waiting, intent, "once more: it is there after all, or its outputs were lost with the answer"},
    {unknown, stuck, "the removal cannot be done in time"},
    {backoff, stuck, "the removal cannot be done in time"},
    {intent, undoing, "the run is taken back before the call"},
    {waiting, undoing, "the run is taken back"},
    {done, undoing, "the run is taken back"},
    {unknown, undoing, "the run is taken back"},
    {probe, undoing, "the run is taken back"},
    {backoff, undoing, "the run is taken back"},
    {failed, undoing, "the run is taken back"},
    {pending, undoing, "the run is taken back; an earlier one left this unfinished"},
    {undoing, undone, "observed absent, or the last good spec is ready"},
    {undoing, stuck, "it cannot be taken back: a human is needed"},
};

using enum RunState;

constexpr RunTransition run_table[] = {
    {queued, running, "the owner is free"},
    {queued, superseded, "a newer generation took the slot"},
    {queued, cancelled, "stopped before it began"},
    {queued, refused, "it cannot be planned any more"},
    {running, succeeded, "every step is done"},
    {running, superseded, "a newer generation; what was in flight has settled"},
    {running, compensating, "a step failed, the time is over, or it was cancelled"},
    {running, kept, "a first create failed and is kept for a look"},
    {running, needs_human, "a removal is stuck"},
    {running, cancelled, "stopped before anything was changed"},
    {running, rolled_back, "failed before anything was changed"},
    {compensating, rolled_back, "everything is taken back"},
    {compensating, cancelled, "everything is taken back, as somebody asked"},
    {compensating, needs_human, "something cannot be taken back"},
    {compensating, superseded, "a newer generation goes on from what is there"},
    {kept, compensating, "the time for a look is over, or it was cancelled"},
    {kept, superseded, "a newer generation"},
};

static_assert(std::size(step_table) <= std::tuple_size_v<decltype(TransitionCounts::steps)>);
static_assert(std::size(run_table) <= std::tuple_size_v<decltype(TransitionCounts::runs)>);

template <typename Table, typename State>
std::size_t index_of(const Table& table, State from, State to)
{
    std::size_t index = 0;
    for (const auto& row : table) {
        if (row.from == from && row.to == to) return index;
        ++index;
    }
    return index;
}

}  // namespace

std::span<const StepTransition> step_transitions()
{
    return step_table;
}
std::span<const RunTransition> run_transitions()
{
    return run_table;
}

bool is_allowed(StepState from, StepState to)
{
    return index_of(step_table, from, to) < std::size(step_table);
}
bool is_allowed(RunState from, RunState to)
{
    return index_of(run_table, from, to) < std::size(run_table);
}

bool is_over(StepState state)
{
    return state == done || state == failed || state == stuck || state == undone;
}

void TransitionCounts::count(StepState from, StepState to)
{
    ++steps[index_of(step_table, from, to)];
}
void TransitionCounts::count(RunState from, RunState to)
{
    ++runs[index_of(run_table, from, to)];
}

}  // namespace ramet::engine
