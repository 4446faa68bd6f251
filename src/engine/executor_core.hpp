#pragma once

#include "engine/executor.hpp"
#include "engine/mailbox.hpp"
#include "engine/run_machine.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <unordered_map>
#include <variant>

namespace ramet::engine {

/// What the engine is made of. One mutex guards the machines, whose decisions take microseconds; everything that takes longer
/// happens outside it: calls on workers, reads and commits in the writing lane.
class Engine::Core {
public:
    Core(World world, EngineOptions options);

    using SubmitDone = std::function<void(Result<EngineRunId>)>;
    using CancelDone = std::function<void(Result<void>)>;
    using RecoverDone = std::function<void(Result<int>)>;
    using SweepDone = std::function<void(Result<SweepReport>)>;

    /// The removal of orphans: a plan that is given, on rows that the ledger had closed.
    struct GivenPlan {
        Plan plan;
        std::vector<ResourceRow> rows;
    };

    void submit(RunRequest request, ExtraWrite extra, SubmitDone done, std::optional<GivenPlan> given = {});
    void cancel(const EngineRunId& run, CancelDone done);
    void recover(RecoverDone done);
    Result<RunView> preview(const RunRequest& request);
    Result<std::optional<RunView>> find_run(const EngineRunId& run);
    Result<std::vector<RunView>> list_runs(const OwnerId& owner, std::size_t limit);
    Result<RunView> wait(const EngineRunId& run, Milliseconds timeout);
    void sweep(const SweepRequest& request, SweepDone done);
    Result<int> count_removed(const EngineRunId& run);
    void stop();

    RunStore& store() { return world_.store; }

private:
    struct Active {
        explicit Active(RunMachine::Setup setup, const MachineWorld& world, Now now)
            : machine(std::move(setup), world, now)
        {
        }
        RunMachine machine;
        std::map<std::size_t, std::stop_source> interrupts{};  ///< of the calls in flight, by step
        Effects held{};                                        ///< taken, but their commit failed
        bool is_in_lane = false;
        std::optional<Milliseconds> armed{};
        std::vector<CancelDone> after_commit{};
    };

    struct Waiting {
        RunRow row;
        RunRequest request;
    };

    struct Slot {
        std::unique_ptr<Active> active{};
        std::deque<Waiting> waiting{};
        std::int64_t epoch = 0;
        bool is_starting = false;
    };

    // What stands in the writing lane.
    struct RunItem {
        OwnerId owner;
        EngineRunId run;
    };
    struct SubmitItem {
        RunRequest request;
        ExtraWrite extra;
        SubmitDone done;
        std::optional<GivenPlan> given;
        bool has_recovered = false;
    };
    struct StartItem {
        OwnerId owner;
    };
    struct RecoverItem {
        OwnerId owner;
        RecoverDone done;
    };
    struct RecoverAllItem {
        RecoverDone done;
    };
    struct CancelItem {
        OwnerId owner;
        EngineRunId run;
        CancelDone done;
    };
    using LaneItem = std::variant<RunItem, SubmitItem, StartItem, RecoverItem, RecoverAllItem, CancelItem>;

    /// What is done outside the mutex after a decision inside it.
    struct Outbox {
        struct Launch {
            EngineRunId run;
            OwnerId owner;
            CallRequest request;
            std::stop_token stop;
            std::int64_t epoch = 0;
        };
        struct Timer {
            OwnerId owner;
            EngineRunId run;
            Milliseconds when{0};
        };
        std::vector<Launch> launches{};
        std::vector<Timer> timers{};
        std::vector<Scheduler::Work> callbacks{};
        bool needs_lane = false;
    };

    /// A batch, and what follows its commit (under the mutex).
    struct Prepared {
        OwnerId owner;
        Batch batch;
        std::move_only_function<void(Result<void>, Outbox&)> after;
    };

    Now now();
    void count(RunState from, RunState to);

    // executor_lane.cpp: everything that reads or writes the store for a run
    void enqueue(LaneItem item, Outbox& outbox);
    void drain();
    void prepare(LaneItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox);
    void prepare_run(const RunItem& item, std::vector<Prepared>& prepared, Outbox& outbox);
    void prepare_cancel(CancelItem item, std::vector<Prepared>& prepared, Outbox& outbox);
    void commit(std::vector<Prepared> prepared, Outbox& outbox);
    void on_run_commit(const OwnerId& owner, const EngineRunId& run, Effects effects, Result<void> result,
                       Outbox& outbox);

    // executor_admission.cpp: submissions and starts
    void prepare_submit(SubmitItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox);
    void submit_again(SubmitItem item, Outbox& outbox);
    void prepare_new_run(SubmitItem item, OwnerRecords records, std::vector<Prepared>& prepared, Outbox& outbox);
    void prepare_start(StartItem item, std::vector<Prepared>& prepared, Outbox& outbox);
    Result<RunRow> new_row(const RunRequest& request, const OwnerRecords& records, const Plan& plan);
    Result<Plan> plan_for(const RunRequest& request, std::span<const ResourceRow> ledger);
    void take_lease(Batch& batch, const OwnerRecords& records);
    std::unique_ptr<Active> make_active(RunRow row, RunRequest request, Plan plan, OwnerRecords& records,
                                        std::int64_t epoch);
    Prepared begin_now(SubmitItem item, RunRow row, Plan plan, OwnerRecords records, Batch batch);
    Prepared begin_later(SubmitItem item, RunRow row, const Admission& admission, Batch batch);
    void give_up(const OwnerId& owner);
    void retry_start(const OwnerId& owner, Outbox& outbox);
    void refuse_waiting(const OwnerId& owner, const Error& error, const OwnerRecords& records,
                        std::vector<Prepared>& prepared);
    void move_into(Batch& batch, Active& active, Effects& effects);
    void install(const OwnerId& owner, std::unique_ptr<Active> active, Effects effects, Outbox& outbox);
    bool is_ending(const OwnerId& owner);
    bool is_known(const OwnerId& owner, const EngineRunId& run) const;

    // executor_recovery.cpp: what an earlier process left
    struct LeftOver {
        std::optional<RunRow> begun{};
        std::deque<Waiting> waiting{};
        bool is_superseded = false;
    };
    static Result<LeftOver> sort_left_over(std::vector<RunRow> unfinished);
    void recover_all(RecoverAllItem item, std::vector<LaneItem>& later, Outbox& outbox);
    void prepare_recovery(RecoverItem item, std::vector<Prepared>& prepared, Outbox& outbox);
    Result<std::unique_ptr<Active>> resume(RunRow row, OwnerRecords& records, std::int64_t epoch);
    void take_over(const OwnerId& owner, std::deque<Waiting> waiting, std::unique_ptr<Active> active, Effects effects,
                   Outbox& outbox);

    // executor_runs.cpp: machines between commits
    Active* find_active(const OwnerId& owner, const EngineRunId& run);
    void pump(const OwnerId& owner, Active& active, Outbox& outbox);
    void launch(const OwnerId& owner, Active& active, std::vector<CallRequest> calls, Outbox& outbox);
    void tell(const OwnerId& owner, Active& active, const Effects& effects);
    void tell_observer();
    void arm(const OwnerId& owner, Active& active, Outbox& outbox);
    void end_run(const OwnerId& owner, Outbox& outbox);
    void on_timer(const OwnerId& owner, const EngineRunId& run);
    void on_answer(const OwnerId& owner, const EngineRunId& run, const CallRequest& request,
                   const CallOutcome& outcome);
    CallOutcome make_call(const Outbox::Launch& launch);
    void flush(Outbox outbox);
    void answer_what_is_left();

    // sweep.cpp
    struct Inventory {
        std::vector<InventoryItem> items;
    };
    /// Nothing at all for what is as it should be; with its row for what may go.
    struct Judged {
        std::optional<SweepReport::Finding> finding{};
        std::optional<ResourceRow> orphan{};
    };
    struct SweepPlan {
        SweepReport report{};
        std::map<OwnerId, std::vector<ResourceRow>> orphans{};  ///< that are removed now
    };
    Result<Inventory> take_inventory();
    Result<Judged> judge(const InventoryItem& item);
    bool is_ripe(const InventoryItem& item, std::map<std::string, Time>& sightings);
    Result<SweepPlan> plan_sweep(const SweepRequest& request);
    void remove_orphans(const OwnerId& owner, std::vector<ResourceRow> rows, SubmitDone done);
    bool is_busy(const OwnerId& owner);

    World world_;
    EngineOptions options_;
    MachineWorld machine_world_;
    std::string holder_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<OwnerId, Slot> slots_;
    std::unordered_map<EngineRunId, OwnerId> owners_;  ///< of runs that are active or waiting
    std::vector<LaneItem> lane_;
    std::vector<SubmitItem> deferred_;
    bool lane_is_scheduled_ = false;
    bool is_stopping_ = false;
    std::vector<Change> changes_;  ///< committed, not told yet
    bool is_telling_ = false;

    std::mutex sweep_mutex_;
    std::map<std::string, Time> sightings_;  ///< of orphans, by kind, name and identity
};

}  // namespace ramet::engine
