#include "fakes/memory_run_store.hpp"

#include "engine/lease.hpp"

#include <algorithm>

namespace ramet::fakes {

using namespace engine;

namespace {

std::unexpected<Error> epoch_lost(const OwnerId& owner)
{
    return lost_lease("the lease of " + owner.str() + " is at another epoch");
}

void sort_by_path(std::vector<ResourceRow>& rows)
{
    std::ranges::sort(rows, {}, [](const ResourceRow& row) { return std::tie(row.ref.path, row.ref.incarnation); });
}

}  // namespace

Result<std::vector<Result<void>>> MemoryRunStore::commit(std::span<const Batch> batches)
{
    const std::lock_guard lock(mutex_);
    if (failures_left_ > 0) {
        --failures_left_;
        return std::unexpected(failure_);
    }
    std::vector<Result<void>> results;
    for (const auto& batch : batches) {
        auto result = check(batch);
        // The extra write comes last in a database; here nothing can fail after it, so it decides before anything is written.
        MemoryTransaction transaction;
        if (result && batch.extra) result = batch.extra(transaction);
        if (result) write(batch);
        results.push_back(std::move(result));
    }
    ++commits_;
    return results;
}

Lease MemoryRunStore::lease_of(const OwnerId& owner) const
{
    const auto found = leases_.find(owner);
    return found == leases_.end() ? Lease{} : found->second;
}

Result<void> MemoryRunStore::check(const Batch& batch) const
{
    const auto stored = lease_of(batch.owner);
    auto epoch = stored.epoch;
    if (batch.lease) {
        const bool was_renewed = batch.lease->from_until && *batch.lease->from_until != stored.until;
        if (batch.lease->from_epoch != epoch || was_renewed) return epoch_lost(batch.owner);
        epoch = batch.lease->to.epoch;
    }
    if (batch.epoch && *batch.epoch != epoch) return epoch_lost(batch.owner);
    TRY(check_runs(batch));
    TRY(check_cancels(batch));
    return check_journal(batch);
}

Result<void> MemoryRunStore::check_cancels(const Batch& batch) const
{
    for (const auto& run : batch.cancels) {
        const auto found = runs_.find(run);
        if (found == runs_.end() || found->second.owner != batch.owner)
            return fail(ErrorKind::integrity, "{} has no run {}", batch.owner.str(), run.str());
        if (found->second.status.ended_at) return fail(ErrorKind::conflict, "run {} has ended", run.str());
    }
    return {};
}

Result<void> MemoryRunStore::check_runs(const Batch& batch) const
{
    if (batch.new_run && runs_.contains(batch.new_run->id))
        return fail(ErrorKind::conflict, "run {} exists", batch.new_run->id.str());
    for (const auto& change : batch.runs) {
        const auto found = runs_.find(change.id);
        const bool is_new = batch.new_run && batch.new_run->id == change.id;
        if (!is_new && (found == runs_.end() || found->second.owner != batch.owner))
            return fail(ErrorKind::integrity, "{} has no run {}", batch.owner.str(), change.id.str());
    }
    return {};
}

Result<void> MemoryRunStore::check_journal(const Batch& batch) const
{
    std::map<EngineRunId, std::int64_t> last;
    for (const auto& record : batch.records) {
        if (!last.contains(record.run)) {
            const auto found = journals_.find(record.run);
            last[record.run] = found == journals_.end() ? 0 : std::ssize(found->second);
        }
        if (record.seq != ++last[record.run])
            return fail(ErrorKind::conflict, "record {} of run {} is out of order", record.seq, record.run.str());
    }
    return {};
}

void MemoryRunStore::write_run(RunRow row)
{
    row.sequence = ++last_sequence_;
    runs_of_[row.owner].push_back(row.id);
    auto id = row.id;
    runs_.emplace(std::move(id), std::move(row));
}

void MemoryRunStore::write(const Batch& batch)
{
    if (batch.lease) leases_[batch.owner] = batch.lease->to;
    if (batch.new_run) write_run(*batch.new_run);
    for (const auto& change : batch.runs) {
        auto& row = runs_.at(change.id);
        const auto cancel = row.status.cancel;
        row.status = change.status;
        if (cancel == CancelRequest::requested) row.status.cancel = cancel;
        if (change.plan) {
            row.plan = *change.plan;
            row.plan_hash = change.plan_hash;
        }
    }
    for (const auto& run : batch.cancels) runs_.at(run).status.cancel = CancelRequest::requested;
    for (const auto& record : batch.records) journals_[record.run].push_back(record);
    for (const auto& resource : batch.resources) {
        const ResourceKey key{resource.ref.id, resource.ref.incarnation};
        if (!resources_.contains(key)) resources_of_[resource.ref.mark.owner].push_back(key);
        resources_[key] = resource;
    }
    if (batch.receipt) receipts_[batch.owner] = *batch.receipt;
}

Result<OwnerRecords> MemoryRunStore::load_owner(const OwnerId& owner)
{
    const auto all = TRY(list_resources(owner));
    const std::lock_guard lock(mutex_);
    OwnerRecords records;
    if (const auto found = leases_.find(owner); found != leases_.end()) records.lease = found->second;
    std::map<ResourceId, std::int64_t> newest;
    for (const auto& row : all) {
        newest[row.ref.id] = std::max(newest[row.ref.id], row.ref.incarnation);
    }
    for (const auto& row : all) {
        if (row.phase != Phase::gone || newest[row.ref.id] == row.ref.incarnation) records.resources.push_back(row);
    }
    for (const auto& id : runs_of_[owner]) {
        const auto& run = runs_.at(id);
        records.newest_generation = std::max(records.newest_generation, run.generation);
        if (!run.status.ended_at) records.unfinished.push_back(run);
    }
    return records;
}

Result<std::vector<UnfinishedOwner>> MemoryRunStore::list_owners_with_unfinished_runs()
{
    const std::lock_guard lock(mutex_);
    std::map<std::int64_t, UnfinishedOwner> by_sequence;
    for (const auto& [owner, ids] : runs_of_) {
        UnfinishedOwner unfinished{lease_of(owner)};
        unfinished.lease.owner = owner;
        std::optional<std::int64_t> oldest;
        for (const auto& id : ids) {
            const auto& run = runs_.at(id);
            if (run.status.ended_at) continue;
            oldest = oldest.value_or(run.sequence);
            unfinished.newest_sequence = run.sequence;
            unfinished.cancels += run.status.cancel == CancelRequest::requested ? 1 : 0;
        }
        if (oldest) by_sequence.emplace(*oldest, std::move(unfinished));
    }
    std::vector<UnfinishedOwner> owners;
    for (auto& [sequence, owner] : by_sequence) owners.push_back(std::move(owner));
    return owners;
}

Result<std::optional<RunRow>> MemoryRunStore::find_run(const EngineRunId& id)
{
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(id);
    return found == runs_.end() ? std::optional<RunRow>{} : found->second;
}

Result<std::vector<RunRow>> MemoryRunStore::list_runs(const OwnerId& owner, std::size_t limit)
{
    const std::lock_guard lock(mutex_);
    std::vector<RunRow> rows;
    const auto& ids = runs_of_[owner];
    for (auto id = ids.rbegin(); id != ids.rend() && rows.size() < limit; ++id) rows.push_back(runs_.at(*id));
    return rows;
}

Result<std::vector<JournalRecord>> MemoryRunStore::load_journal(const EngineRunId& run)
{
    const std::lock_guard lock(mutex_);
    return journals_[run];
}

Result<std::vector<ResourceRow>> MemoryRunStore::list_resources(const OwnerId& owner)
{
    const std::lock_guard lock(mutex_);
    std::vector<ResourceRow> rows;
    for (const auto& key : resources_of_[owner]) rows.push_back(resources_.at(key));
    sort_by_path(rows);
    return rows;
}

Result<std::optional<ResourceRow>> MemoryRunStore::find_resource(const std::string& kind, const std::string& name)
{
    const std::lock_guard lock(mutex_);
    for (const auto& [key, row] : resources_)
        if (row.ref.kind == kind && row.ref.name == name) return row;
    return std::optional<ResourceRow>{};
}

Result<std::optional<Receipt>> MemoryRunStore::find_receipt(const OwnerId& owner)
{
    const std::lock_guard lock(mutex_);
    const auto found = receipts_.find(owner);
    return found == receipts_.end() ? std::optional<Receipt>{} : found->second;
}

int MemoryRunStore::commits() const
{
    const std::lock_guard lock(mutex_);
    return commits_;
}

void MemoryRunStore::fail_commits(int count, Error error)
{
    const std::lock_guard lock(mutex_);
    failures_left_ = count;
    failure_ = std::move(error);
}

}  // namespace ramet::fakes
