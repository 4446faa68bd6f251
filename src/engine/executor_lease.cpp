#include "base/log.hpp"
#include "engine/executor_core.hpp"

#include <algorithm>

namespace ramet::engine {
namespace {

constexpr Milliseconds retry_after{200};
// 9999-12-31: as good as for ever, and still a date.
constexpr Time no_end{Milliseconds{253'402'300'799'000}};

Error gone_elsewhere(const OwnerId& owner, const std::string& why)
{
    return Error{ErrorKind::unavailable, "this server has given up " + owner.str(), why,
                 "ask again: whoever holds it now answers"};
}

}  // namespace

/// Nobody's, this server's own from before, or one that has ended. The lease was just read.
bool Engine::Core::is_takeable(const Lease& lease)
{
    if (!is_shared() || lease.holder.empty() || lease.holder == holder_) return true;
    return watch_.is_over(lease, *options_.lease_terms, world_.clock.monotonic());
}

bool Engine::Core::is_held(const Slot& slot, const Lease& lease) const
{
    return lease.holder == holder_ && (!is_shared() || lease.epoch == slot.held.lease.epoch);
}

bool Engine::Core::may_act(const Slot& slot) const
{
    return !is_shared() || slot.held.may_act(*options_.lease_terms, world_.clock.monotonic());
}

bool Engine::Core::may_call(const Outbox::Launch& launch)
{
    const std::lock_guard lock(mutex_);
    const auto slot = slots_.find(launch.owner);
    return slot != slots_.end() && slot->second.held.lease.epoch == launch.epoch && may_act(slot->second);
}

/// For an owner without a slot.
void Engine::Core::take_lease(Batch& batch, const OwnerRecords& records)
{
    batch.epoch = records.lease.epoch;
    if (!is_shared() && records.lease.holder == holder_) return;
    batch.epoch = records.lease.epoch + 1;
    // One process has the data directory to itself, so that there a lease ends with its process and not by time.
    const auto until = is_shared() ? now().wall + options_.lease_terms->term : no_end;
    batch.lease = LeaseChange{records.lease.epoch, Lease{batch.owner, holder_, *batch.epoch, until}};
    if (is_shared() && records.lease.epoch > 0) batch.lease->from_until = records.lease.until;
}

/// With the last thing that is written for an owner the next server may have it, at once.
/// `lease` is what is held: when the answer is lost, a renewal must differ from the release that may have been written.
void Engine::Core::release_with(Batch& batch, Lease& lease) const
{
    if (!is_shared()) return;
    lease.until += Milliseconds{1};
    if (!batch.lease) batch.lease = LeaseChange{lease.epoch, lease};
    batch.lease->to.until = lease.until;
    batch.lease->to.holder.clear();
}

/// The lease is this server's, by the commit that has just been answered. A write under a lease that it had before renews nothing.
void Engine::Core::hold(const OwnerId& owner, const Lease& lease, Outbox& outbox)
{
    auto& slot = slots_[owner];
    if (slot.held.lease.epoch == lease.epoch) return;
    slot.held = HeldLease{lease, commit_began_};
    if (is_shared()) arm_renewal(commit_began_ + options_.lease_terms->term / 3, outbox);
}

/// It is another's now, or over, or what is on disk is not what is believed here: what is under way is interrupted, nothing more
/// begins, and what waited here is its next holder's.
void Engine::Core::lose(const OwnerId& owner, const std::string& why, Outbox& outbox)
{
    const auto found = slots_.find(owner);
    if (found == slots_.end()) return;
    auto& slot = found->second;
    log::warning("{} is given up here: {}", owner.str(), why);
    if (slot.active) {
        // What was launched and has not begun must never begin.
        for (auto& [step, interrupt] : slot.active->interrupts) interrupt.request_stop();
        owners_.erase(slot.active->machine.run().id);
        for (auto& done : slot.active->after_commit)
            outbox.callbacks.push_back(
                [done = std::move(done), error = gone_elsewhere(owner, why)] { done(std::unexpected(error)); });
    }
    for (const auto& waiting : slot.waiting) owners_.erase(waiting.row.id);
    slots_.erase(found);
    wake_stalled(owner, outbox);
    changed_.notify_all();
}

/// What was to be written is there already, but its answer was lost; so this server goes on from what is on disk.
void Engine::Core::recover_from(const OwnerId& owner, const Error& error, Outbox& outbox)
{
    lose(owner, error.message, outbox);
    if (error.kind == ErrorKind::conflict && !is_lost_lease(error))
        enqueue(RecoverItem{owner, [](const Result<int>&) {}}, outbox);
}

void Engine::Core::arm_renewal(Milliseconds when, Outbox& outbox)
{
    if (renewal_at_ && *renewal_at_ <= when) return;
    renewal_at_ = when;
    outbox.callbacks.push_back([this, when] { world_.scheduler.at(when, [this, when] { on_renewal_time(when); }); });
}

void Engine::Core::on_renewal_time(Milliseconds when)
{
    Outbox outbox;
    {
        const std::lock_guard lock(mutex_);
        if (renewal_at_ != when || is_stopping_) return;
        renewal_at_.reset();
        const auto& terms = *options_.lease_terms;
        const auto at = world_.clock.monotonic();
        std::vector<OwnerId> over;
        auto next = at + terms.term / 3;
        for (const auto& [owner, slot] : slots_) {
            if (slot.held.is_over(terms, at))
                over.push_back(owner);
            else
                next = std::min(next, slot.held.ends_at(terms));
        }
        for (const auto& owner : over) lose(owner, "its lease could not be renewed in time", outbox);
        // Nobody holds anything: no work at all until somebody does.
        if (!slots_.empty()) {
            arm_renewal(next, outbox);
            renews_ = true;
            schedule_lane(outbox);
        }
    }
    flush(std::move(outbox));
}

/// All of them in the one commit that is about to be written.
void Engine::Core::prepare_renewals(std::vector<Prepared>& prepared)
{
    const std::lock_guard lock(mutex_);
    if (!std::exchange(renews_, false)) return;
    const auto& terms = *options_.lease_terms;
    const auto at = now();
    for (auto& [owner, slot] : slots_) {
        if (slot.held.is_over(terms, at.steady)) continue;
        auto& lease = slot.held.lease;
        // Every renewal differs from the one before, whatever the wall clock does: that is how others see it.
        lease.until = std::max(at.wall + terms.term, lease.until + Milliseconds{1});
        Prepared entry;
        entry.owner = entry.batch.owner = owner;
        entry.batch.epoch = lease.epoch;
        entry.batch.lease = LeaseChange{lease.epoch, lease};
        entry.after = [this, owner = owner, epoch = lease.epoch](const Result<void>& result, Outbox& outbox) {
            on_renewed(owner, epoch, result, outbox);
        };
        prepared.push_back(std::move(entry));
    }
}

void Engine::Core::on_renewed(const OwnerId& owner, std::int64_t epoch, const Result<void>& result, Outbox& outbox)
{
    const auto slot = slots_.find(owner);
    if (slot == slots_.end() || slot->second.held.lease.epoch != epoch) return;
    if (result) {
        slot->second.held.asked_at = commit_began_;
        return wake_stalled(owner, outbox);
    }
    if (is_transient(result.error().kind)) return arm_renewal(world_.clock.monotonic() + retry_after, outbox);
    lose(owner, result.error().message, outbox);
}

/// Nothing waits any more, and what ran last has written its end.
void Engine::Core::prepare_release(const OwnerId& owner, std::vector<Prepared>& prepared)
{
    auto& slot = slots_.at(owner);
    slot.is_starting = false;
    if (!is_shared()) return slots_.erase(owner), void();
    Prepared entry;
    entry.owner = entry.batch.owner = owner;
    entry.batch.epoch = slot.held.lease.epoch;
    release_with(entry.batch, slot.held.lease);
    entry.after = [this, owner](const Result<void>&, Outbox& outbox) {
        // Not written, it ends by itself.
        slots_.erase(owner);
        wake_stalled(owner, outbox);
        changed_.notify_all();
    };
    prepared.push_back(std::move(entry));
}

/// When this server stops and nothing of it is under way, its runs go on elsewhere without waiting for their leases to end.
void Engine::Core::release_all()
{
    std::vector<Batch> batches;
    {
        const std::lock_guard lock(mutex_);
        if (!is_shared()) return;
        for (auto& [owner, slot] : slots_) {
            if (under_way_.contains(owner)) continue;
            Batch batch;
            batch.owner = owner;
            batch.epoch = slot.held.lease.epoch;
            release_with(batch, slot.held.lease);
            batches.push_back(std::move(batch));
        }
        slots_.clear();
        owners_.clear();
    }
    if (batches.empty()) return;
    if (const auto results = world_.store.commit(batches); !results)
        log::warning("{} leases are not given back and end by themselves: {}", batches.size(), results.error().message);
}

/// Until the lease is renewed; or until the calls of a lease that was lost here are answered, as nothing may overtake them.
bool Engine::Core::must_wait(const OwnerId& owner) const
{
    const auto slot = slots_.find(owner);
    return slot == slots_.end() ? under_way_.contains(owner) : !may_act(slot->second);
}

/// In front of what came since, so that the items of one owner keep their order.
void Engine::Core::wake_stalled(const OwnerId& owner, Outbox& outbox)
{
    const auto found = stalled_.find(owner);
    if (found == stalled_.end()) return;
    std::move(found->second.begin(), found->second.end(), std::inserter(lane_, lane_.begin()));
    stalled_.erase(found);
    schedule_lane(outbox);
}

}  // namespace ramet::engine
