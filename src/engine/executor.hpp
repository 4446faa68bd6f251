#pragma once

#include "base/random.hpp"
#include "engine/budgets.hpp"
#include "engine/engine.hpp"
#include "engine/lease.hpp"
#include "engine/run_store.hpp"
#include "engine/scheduler.hpp"
#include "engine/states.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ramet::engine {

/// All that the engine touches outside itself. Everything must outlive the engine.
struct World {
    Clock& clock;
    Random& random;
    RunStore& store;
    const Drivers& drivers;
    Scheduler& scheduler;
};

/// Something about a run that people or other parts may want to see. Told after it was committed; all changes of one run in
/// order. The observer must be quick and must not wait for the engine (submit, cancel, wait); submit_async is fine.
struct Change {
    EngineRunId run;
    OwnerId owner;
    RunState state = RunState::queued;
    std::optional<StepView> step{};  ///< the step that changed; none: the run itself did
};

using Observer = std::function<void(const Change&)>;

struct EngineOptions {
    std::string install;  ///< marks what is ours among all that a provider holds
    Budgets budgets{};
    Observer observer{};
    TransitionCounts* counts = nullptr;
    /// None: this process has the store to itself, and what it leaves is its successor's at once. Otherwise several servers share
    /// the store, and each owner's work is one server's for as long as that renews its lease.
    std::optional<LeaseTerms> lease_terms{};
};

struct SweepRequest {
    bool dry_run = false;
    bool confirmed = false;  ///< remove even when there are more orphans than max(5, 10 % of the inventory)
};

/// Runs plans: durable, parallel, idempotent. Owned by the daemon; used by the app from many threads.
/// Call `recover` once before the first `submit`; `stop` (or the destructor) ends it without undoing anything: the next
/// process, or another server, goes on from the journal.
class Engine {
public:
    Engine(World world, EngineOptions options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Commits the run, its plan and `extra` in one transaction and answers its id; what is left is done in the background, by
    /// the server that holds the owner. `extra` may be called again when another server was quicker.
    /// Errors: `invalid` (the graph), `conflict` (an older generation), the error of `extra`, `unavailable` (the store).
    Result<EngineRunId> submit(const RunRequest& request, ExtraWrite extra = {});
    /// The same without waiting; `done` is called from the writing lane and must not block.
    void submit_async(RunRequest request, ExtraWrite extra, std::function<void(Result<EngineRunId>)> done);

    /// What `submit` would do now, without doing it: a run in state queued with its steps.
    Result<RunView> preview(const RunRequest& request);

    /// Stops a run and takes back what it did. A run that has ended is `conflict`, and so is a destroy that has begun. Of a run
    /// that another server holds, it answers when the request is on disk.
    Result<void> cancel(const EngineRunId& run);

    /// The same without waiting for the commit.
    void cancel_async(const EngineRunId& run, std::function<void(Result<void>)> done);

    /// Absent when there is no such run.
    Result<std::optional<RunView>> find_run(const EngineRunId& run);
    /// Newest first, with their steps.
    Result<std::vector<RunView>> list_runs(const OwnerId& owner, std::size_t limit = 20);
    /// The ledger of an owner, gone rows too.
    Result<std::vector<ResourceView>> list_resources(const OwnerId& owner);
    Result<std::optional<Receipt>> find_receipt(const OwnerId& owner);

    /// Takes over every run that an earlier process left: epoch + 1, then probe what was in flight. Answers how many owners.
    /// Where servers share the store, only what no other one holds.
    Result<int> recover();
    /// The same without waiting, for the simulation.
    void recover_async(std::function<void(Result<int>)> done);

    /// There may be something new about this owner: a run that another server queued, a cancel, the end of its lease. Returns at
    /// once; cheap, and safe to call for nothing. Needed only where servers share the store.
    void look(const OwnerId& owner);
    /// One question to the store: what no server holds any more is taken over, and what `look` was not called for is noticed.
    /// Call it every few seconds where servers share the store. Answers how many owners were taken over.
    Result<int> look_for_abandoned();
    void look_for_abandoned_async(std::function<void(Result<int>)> done);

    /// Compares what the providers hold under our mark with the ledger, and removes orphans that an earlier sweep saw as well.
    /// A failed inventory is `unavailable`, and nothing is removed.
    Result<SweepReport> sweep(const SweepRequest& request);
    /// The same, but answers as soon as the runs that remove have begun.
    void sweep_async(const SweepRequest& request, std::function<void(Result<SweepReport>)> done);
    /// How long a run that removes orphans may take; it is their owner's own run of kind sweep.
    static constexpr Milliseconds sweep_timeout{10 * 60'000};

    /// Returns when the run has ended or is kept for debugging; `timeout` when that takes longer, `not_found` for no such run.
    Result<RunView> wait(const EngineRunId& run, Milliseconds timeout);

    /// Starts nothing new, interrupts what may be interrupted, writes what is known, gives back what it holds to other servers,
    /// and returns. May be called twice.
    void stop();

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace ramet::engine
