#include "simulation/lease_checker.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

void LeaseChecker::on_accepted(const Batch& batch, Milliseconds now)
{
    if (!batch.epoch) {
        const bool only_asks = !batch.lease && batch.runs.empty() && batch.records.empty() && batch.resources.empty() &&
                               !batch.receipt && (!batch.new_run || batch.new_run->status.state == RunState::queued);
        if (!only_asks) checker_.violate("I7: a write without an epoch does more than ask: " + batch.owner.str());
    }
    if (!batch.lease) return;
    auto& state = owners_[batch.owner];
    const auto& to = batch.lease->to;
    if (to.epoch == state.lease.epoch)
        on_kept(state, to);
    else
        on_taken(state, to, now);
    if (!to.holder.empty()) state.last_holder = to.holder;
    state.lease = to;
    state.renewed_at[to.epoch] = now;
}

void LeaseChecker::on_taken(const State& before, const Lease& to, Milliseconds now)
{
    if (to.epoch != before.lease.epoch + 1)
        checker_.violate(
            fmt::format("the lease of {} went from epoch {} to {}", to.owner.str(), before.lease.epoch, to.epoch));
    const bool is_others = !before.lease.holder.empty() && !to.holder.empty() && before.lease.holder != to.holder;
    if (is_others && now < before.renewed_at.at(before.lease.epoch) + terms_.term + terms_.margin)
        checker_.violate(
            fmt::format("epoch {} of {} was taken over before it was over", before.lease.epoch, to.owner.str()));
}

void LeaseChecker::on_kept(const State& before, const Lease& to)
{
    if (to.holder.empty()) return;
    if (before.last_holder != to.holder)
        checker_.violate(fmt::format("epoch {} of {} has two holders", to.epoch, to.owner.str()));
    if (to.until <= before.lease.until)
        checker_.violate(fmt::format("nobody can see the renewal of epoch {} of {}", to.epoch, to.owner.str()));
}

void LeaseChecker::on_call(const OwnerId& owner, std::int64_t epoch, Milliseconds now)
{
    auto& state = owners_[owner];
    if (epoch < state.newest_caller)
        checker_.violate(
            fmt::format("I7: a call of epoch {} of {} after one of epoch {}", epoch, owner.str(), state.newest_caller));
    state.newest_caller = std::max(state.newest_caller, epoch);
    const auto renewed_at = state.renewed_at.find(epoch);
    if (renewed_at == state.renewed_at.end() || now >= renewed_at->second + terms_.term)
        checker_.violate(fmt::format("a call of epoch {} of {} after the end of its lease", epoch, owner.str()));
    if (state.lease.epoch == epoch && state.lease.holder.empty())
        checker_.violate(fmt::format("a call of epoch {} of {} after the lease was given back", epoch, owner.str()));
}

}  // namespace ramet::simulation
