#pragma once

#include "engine/executor.hpp"
#include "engine/mailbox.hpp"
#include "engine/run_machine.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
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
    void look(const OwnerId& owner);
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

    /// What was known of an owner's unfinished runs when the store was asked last.
    struct Seen {
        std::int64_t newest_sequence = 0;
        std::int64_t cancels = 0;
        friend bool operator==(const Seen&, const Seen&) = default;
    };

    /// What this server does for one owner, from the first run until nothing waits any more: as long as it holds its lease.
    struct Slot {
        std::unique_ptr<Active> active{};
        std::deque<Waiting> waiting{};
        HeldLease held{};
        bool is_starting = false;
        Seen seen{};
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
        int rounds = 0;  ///< how often what others left or queued came first
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
    struct LookItem {
        OwnerId owner;
    };
    /// To stop a run that another server holds.
    struct RequestItem {
        OwnerId owner;
        EngineRunId run;
        CancelDone done;
    };
    using LaneItem =
        std::variant<RunItem, SubmitItem, StartItem, RecoverItem, RecoverAllItem, CancelItem, LookItem, RequestItem>;

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
        std::function<void(Batch)> take_back{};  ///< called before `after` when the batch was not written
    };

    Now now();
    void count(RunState from, RunState to);

    // executor_lane.cpp: everything that reads or writes the store for a run
    void enqueue(LaneItem item, Outbox& outbox);
    void schedule_lane(Outbox& outbox);
    void drain();
    void prepare(LaneItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox);
    void prepare_runs(std::span<const LaneItem> items, std::vector<Prepared>& prepared);
    void prepare_run(const RunItem& item, std::vector<Prepared>& prepared);
    void prepare_cancel(CancelItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox);
    void commit(std::vector<Prepared> prepared, Outbox& outbox);
    void on_run_commit(const OwnerId& owner, const EngineRunId& run, Effects effects, Result<void> result,
                       Outbox& outbox);

    // executor_admission.cpp: submissions and starts
    void prepare_submit(SubmitItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox);
    void submit_again(SubmitItem item, Outbox& outbox);
    void prepare_new_run(SubmitItem item, OwnerRecords records, bool is_others, std::vector<Prepared>& prepared,
                         Outbox& outbox);
    void prepare_start(StartItem item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later, Outbox& outbox);
    Result<RunRow> new_row(const RunRequest& request, const OwnerRecords& records, const Plan& plan);
    Result<Plan> plan_for(const RunRequest& request, std::span<const ResourceRow> ledger);
    std::unique_ptr<Active> make_active(RunRow row, RunRequest request, Plan plan, OwnerRecords& records,
                                        std::int64_t epoch);
    Prepared begin_now(SubmitItem item, RunRow row, Plan plan, OwnerRecords records, Batch batch);
    Prepared begin_later(SubmitItem item, RunRow row, const Admission& admission, Batch batch);
    Prepared begin_elsewhere(SubmitItem item, RunRow row, Batch batch);
    void on_refused(SubmitItem item, const Error& error, Outbox& outbox);
    void retry_start(const OwnerId& owner, Outbox& outbox);
    void drop_what_has_ended(Slot& slot, const OwnerRecords& records);
    static bool has_begun_unseen(const Slot& slot, const OwnerRecords& records);
    void recover_before(const OwnerId& owner, std::vector<LaneItem>& later, Outbox& outbox);
    void refuse_waiting(const OwnerId& owner, const Error& error, std::vector<Prepared>& prepared);
    static void move_into(Batch& batch, Active& active, Effects& effects);
    void install(const OwnerId& owner, std::unique_ptr<Active> active, Effects effects, Outbox& outbox);
    bool is_ending(const OwnerId& owner);
    bool is_known(const OwnerId& owner, const EngineRunId& run) const;

    // executor_recovery.cpp: what an earlier process left
    struct LeftOver {
        std::optional<RunRow> begun{};
        std::deque<Waiting> waiting{};
        std::vector<RunChange> ended{};  ///< of those that waited: cancelled, or overtaken by another one
        EngineRunId superseded_by{};     ///< what waits and takes the place of the one that has begun; empty: nothing
        Seen seen{};
    };
    Result<LeftOver> sort_left_over(std::vector<RunRow> unfinished);
    void on_ended_waiting(const OwnerId& owner, const std::vector<RunChange>& ended);
    std::vector<OwnerId> choose_owners(const std::vector<UnfinishedOwner>& unfinished, Outbox& outbox);
    void recover_all(RecoverAllItem item, std::vector<LaneItem>& later, Outbox& outbox);
    void prepare_recovery(RecoverItem item, std::vector<Prepared>& prepared, Outbox& outbox);
    Result<std::unique_ptr<Active>> resume(RunRow row, OwnerRecords& records, std::int64_t epoch);
    void take_over(const OwnerId& owner, LeftOver left, std::unique_ptr<Active> active, Effects effects,
                   Outbox& outbox);

    // executor_lease.cpp: whose an owner is, and for how long
    bool is_shared() const { return options_.lease_terms.has_value(); }
    bool is_takeable(const Lease& lease);
    bool is_held(const Slot& slot, const Lease& lease) const;
    bool may_act(const Slot& slot) const;
    bool may_call(const Outbox::Launch& launch);
    void take_lease(Batch& batch, const OwnerRecords& records);
    void release_with(Batch& batch, Lease& lease) const;
    void hold(const OwnerId& owner, const Lease& lease, Outbox& outbox);
    void lose(const OwnerId& owner, const std::string& why, Outbox& outbox);
    void recover_from(const OwnerId& owner, const Error& error, Outbox& outbox);
    void arm_renewal(Milliseconds when, Outbox& outbox);
    void on_renewal_time(Milliseconds when);
    void prepare_renewals(std::vector<Prepared>& prepared);
    void on_renewed(const OwnerId& owner, std::int64_t epoch, const Result<void>& result, Outbox& outbox);
    void prepare_release(const OwnerId& owner, std::vector<Prepared>& prepared);
    void release_all();
    bool must_wait(const OwnerId& owner) const;
    void stall(std::vector<LaneItem>& items);
    void wake_stalled(const OwnerId& owner, Outbox& outbox);

    // executor_look.cpp: what other servers ask for, and where they do it
    void prepare_look(const LookItem& item, std::vector<Prepared>& prepared, std::vector<LaneItem>& later,
                      Outbox& outbox);
    void adopt(const OwnerId& owner, Slot& slot, LeftOver left, std::vector<Prepared>& prepared, Outbox& outbox);
    void on_adopted(const OwnerId& owner, LeftOver left, Outbox& outbox);
    void take_news(const OwnerId& owner, LeftOver& left, Outbox& outbox);
    void prepare_request(RequestItem item, std::vector<Prepared>& prepared, Outbox& outbox);
    void cancel_elsewhere(const EngineRunId& run, const CancelDone& done);
    void tell_waiters(const OwnerId& owner);
    bool wait_here(const EngineRunId& run, Milliseconds timeout);
    void wait_elsewhere(const RunView& run, Milliseconds timeout);

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
    Result<bool> is_busy_elsewhere(const OwnerId& owner);

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
    std::map<OwnerId, std::size_t> under_way_;          ///< calls that are not answered
    std::map<OwnerId, std::vector<LaneItem>> stalled_;  ///< until those are, or the lease is renewed
    LeaseWatch watch_;
    std::set<OwnerId> looks_;                ///< owners that stand in the lane to be looked at
    std::multimap<OwnerId, bool*> waiters_;  ///< for runs of other servers; set when there may be news
    std::optional<Milliseconds> renewal_at_;
    bool renews_ = false;
    bool cannot_write_ = false;
    Milliseconds commit_began_{0};  ///< of the lane's last commit
    bool is_stopping_ = false;
    std::vector<Change> changes_;  ///< committed, not told yet
    bool is_telling_ = false;

    std::mutex sweep_mutex_;
    std::map<std::string, Time> sightings_;  ///< of orphans, by kind, name and identity
};

}  // namespace ramet::engine
