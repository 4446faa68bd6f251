#pragma once

#include "engine/records.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ramet::engine {

/// The open transaction of a store, handed to whoever writes its own rows together with the engine's. Each store derives its
/// own type from it; the application's stores, which live beside it, know that type.
class Transaction {
public:
    virtual ~Transaction() = default;
};

/// Called inside the transaction after the engine's own rows of the batch were written. An error undoes the whole batch
/// (not its neighbours) and is what the batch's result says. It must not call the store again.
using ExtraWrite = std::function<Result<void>(Transaction&)>;

/// A change of holder, a renewal or a release: stands only when the stored epoch is `from_epoch` (0: no row yet); writes `to`.
struct LeaseChange {
    std::int64_t from_epoch = 0;
    Lease to;
    /// What the lease was seen to say. Stands only when it still does: who renews it in between keeps it. None: whatever it says.
    std::optional<Time> from_until{};
};

/// What one owner's run wants written at one moment: all of it or nothing.
struct Batch {
    OwnerId owner;
    /// The epoch that the batch was decided under, checked after `lease` was applied. None only for a batch that does no more
    /// than queue a new run for another holder, or ask it to stop one.
    std::optional<std::int64_t> epoch{};
    std::optional<LeaseChange> lease{};
    std::optional<RunRow> new_run{};  ///< inserted; an id that exists is `conflict`
    std::vector<RunChange> runs{};    ///< updated; an unknown id, or another owner's, is `integrity`
    std::vector<EngineRunId>
        cancels{};  ///< asked to stop; one that has ended is `conflict`, an unknown one `integrity`
    std::vector<JournalRecord> records{};  ///< appended; a (run, seq) that exists is `conflict`
    std::vector<ResourceRow> resources{};  ///< inserted or replaced by (id, incarnation)
    std::optional<Receipt> receipt{};
    ExtraWrite extra{};
};

/// An owner with runs that have not ended: what a server looks at to see whether there is something to do for it.
struct UnfinishedOwner {
    Lease lease{};                     ///< names the owner; epoch 0 when nobody ever held it
    std::int64_t newest_sequence = 0;  ///< of those runs
    std::int64_t cancels = 0;          ///< how many of them were asked to stop
    friend bool operator==(const UnfinishedOwner&, const UnfinishedOwner&) = default;
};

/// All that a run of one owner starts from.
struct OwnerRecords {
    Lease lease{};  ///< epoch 0 when there is none
    /// Every row that is not gone, and of each resource id the newest incarnation even if it is gone: the next one is counted
    /// from it. By (path, incarnation).
    std::vector<ResourceRow> resources{};
    std::vector<RunRow> unfinished{};    ///< ended_at is null; oldest first, by sequence
    std::int64_t newest_generation = 0;  ///< over all runs of the owner, finished or not
};

/// Where the engine's records live. Called from several threads; `commit` from one at a time.
/// Every method is durable when it returns, and answers `unavailable` when the store cannot be reached or is full,
/// `integrity` when what it reads back makes no sense.
class RunStore {
public:
    virtual ~RunStore() = default;

    /// Writes the batches in order in **one** transaction (one fsync): each stands or falls alone, inside its own savepoint.
    /// The answer has one result per batch: `conflict` with the evidence "epoch" when the owner's lease is at another epoch, or
    /// not what a `LeaseChange` starts from (nothing of that batch was written), `conflict` for a key that exists, the error of
    /// `extra`. An error of the whole means that nothing at all was written, or that the answer was lost.
    /// Several servers may commit at once: what is checked here still holds when the batch is written.
    virtual Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) = 0;

    /// An owner that was never seen has empty records.
    virtual Result<OwnerRecords> load_owner(const OwnerId& owner) = 0;

    /// Owners that have a run without ended_at, each once, by the sequence of the oldest such run: where recovery begins.
    virtual Result<std::vector<UnfinishedOwner>> list_owners_with_unfinished_runs() = 0;

    virtual Result<std::optional<RunRow>> find_run(const EngineRunId& id) = 0;
    /// Newest first.
    virtual Result<std::vector<RunRow>> list_runs(const OwnerId& owner, std::size_t limit) = 0;
    /// All records of a run by seq; an unknown run has none.
    virtual Result<std::vector<JournalRecord>> load_journal(const EngineRunId& run) = 0;

    /// All rows of the owner, gone ones too, by (path, incarnation).
    virtual Result<std::vector<ResourceRow>> list_resources(const OwnerId& owner) = 0;
    /// The row of what a provider calls `name`; names are derived, so there is at most one per kind.
    virtual Result<std::optional<ResourceRow>> find_resource(const std::string& kind, const std::string& name) = 0;

    /// The newest receipt of the owner.
    virtual Result<std::optional<Receipt>> find_receipt(const OwnerId& owner) = 0;
};

}  // namespace ramet::engine
