#pragma once

#include "base/random.hpp"
#include "engine/budgets.hpp"
#include "engine/calls.hpp"
#include "engine/history.hpp"
#include "engine/plan.hpp"
#include "engine/run_store.hpp"
#include "engine/states.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::engine {

struct Now {
    Time wall{};
    Milliseconds steady{0};
};

/// What a machine asks about kinds, and with which means.
struct MachineWorld {
    std::string install;
    Budgets budgets{};
    Classify classify{};
    std::function<Milliseconds(const std::string& kind)> consistency_horizon{};
    std::function<bool(const std::string& kind)> is_cancellable{};
    Random* random = nullptr;
    TransitionCounts* counts = nullptr;
    /// What the ledger says about times may be another server's, whose clock is not this one's.
    bool has_other_clocks = false;
};

/// Where a journal goes on.
struct JournalEnd {
    std::int64_t seq = 0;
    std::string hash{};
};

/// What a machine wants done. The records and rows are committed together, then the calls are made.
struct Effects {
    std::vector<JournalRecord> records{};
    std::map<std::pair<std::string, std::int64_t>, ResourceRow> rows{};
    bool status_changed = false;
    std::optional<Receipt> receipt{};
    std::vector<CallRequest> calls{};
    std::set<std::size_t> changed_steps{};

    /// Whether there is something to commit.
    bool is_durable() const { return !records.empty() || !rows.empty() || status_changed || receipt.has_value(); }
    bool is_empty() const { return !is_durable() && calls.empty() && changed_steps.empty(); }
};

/// One run from its first INTENT to its end. Pure: events in, effects out; it does no I/O, keeps no time and calls no one.
/// Whoever owns it takes the effects, commits them, tells it so, makes the calls, and brings back what they answered.
/// Not thread-safe.
class RunMachine {
public:
    struct Setup {
        RunRow run;
        RunRequest request;
        Plan plan;
        std::vector<ResourceRow> ledger{};
        std::int64_t epoch = 0;
    };

    RunMachine(Setup setup, const MachineWorld& world, Now now);

    /// Begins: QUEUED → RUNNING.
    void start(Now now);
    /// Goes on with what an earlier process left: what was in flight is probed.
    void resume(const History& history, Now now, JournalEnd end);

    /// `outcome` answers the call `verb` of `step`.
    void on_outcome(std::size_t step, Verb verb, const CallOutcome& outcome, Now now);
    /// Time has passed; call it at `wake_at`.
    void on_tick(Now now);
    /// `conflict` when it is too late.
    Result<void> cancel(Now now);
    /// A newer run of the owner waits. What is in flight settles; a call whose inputs are the same in `wanted` is not
    /// interrupted.
    void supersede(const EngineRunId& by, const Graph& wanted, Now now);

    Effects take_effects();
    /// The effects are on disk: which of their calls are still wanted.
    std::vector<CallRequest> on_committed(std::vector<CallRequest> calls, Now now);
    /// Steps whose calls shall be interrupted, at once; each is told once.
    std::vector<std::size_t> take_interrupts();

    std::optional<Milliseconds> wake_at() const;
    bool has_ended() const { return is_final(status().state); }
    const RunStatus& status() const { return setup_.run.status; }
    const RunRow& run() const { return setup_.run; }
    std::int64_t epoch() const { return setup_.epoch; }
    RunView view() const;
    StepView view(std::size_t step) const;

private:
    using RowKey = std::pair<std::string, std::int64_t>;

    enum class Stop : std::uint8_t { none, failure, cancel, supersede, out_of_time };
    enum class Undo : std::uint8_t { none, remove, restore };
    enum class Next : std::uint8_t { nothing, intent, await, probe };

    /// A row of the ledger, and what may still happen to it.
    struct Resource {
        ResourceRow row;
        Milliseconds absence_from{0};     ///< before that, "absent" is not believed
        Milliseconds uncertain_until{0};  ///< an apply whose answer was lost may still take effect
        std::string token_of{};           ///< the hash of the spec that `token` was derived for
        Token token{};
    };

    struct Step {
        PlanStep plan;
        StepState state = StepState::pending;
        int attempt = 0;              ///< INTENTs written
        int errors = 0;               ///< transient ones in a row
        int looks = 0;                ///< "not yet" in a row
        Milliseconds looks_since{0};  ///< the first of them
        bool is_calling = false;
        Verb verb = Verb::probe;  ///< of the last call
        bool has_intent = false;
        bool was_adopted = false;  ///< and apply's answer never came
        bool was_done = false;     ///< forward, before any undoing
        Milliseconds called_at{0};
        Next next = Next::nothing;
        Milliseconds wake{0};
        RowKey row{};
        Undo undo = Undo::none;
        std::optional<Milliseconds> undo_since{};
        std::size_t blockers = 0;
        std::vector<std::size_t> dependents{};
        std::string waiting_for{};
        std::optional<Error> error{};
        std::optional<Time> started_at{};
        std::optional<Time> ended_at{};
    };

    // life cycle: run_machine.cpp
    void link_steps();
    void keep_unchanged(Now now);
    void advance(Now now);
    void schedule(Now now);
    void release_dependents(Step& step, Now now);
    void stop(Stop reason, Now now);
    void conclude_stop(Now now);
    void check_deadline(Now now);
    void run_out_of_time(Now now);
    bool is_settled() const;
    bool is_idle() const;
    bool is_past_commit_point() const;
    bool destroys() const;
    void wake_step(std::size_t index, Now now);

    // the end: run_machine_end.cpp
    void finish(RunState state, Now now);
    void mark_good();
    static void keep_as_good(ResourceRow& row);
    void write_receipt(Now now);
    void close_again();

    // after a crash: run_machine_resume.cpp
    void restore_step(Step& step, const StepHistory& history, Now now);
    void restore_forward(Step& step, RecordKind last, Now now);
    void resume_stop(Now now);
    void resume_undo(Stop reason);

    // forward: run_machine_apply.cpp
    void begin(std::size_t index, Now now);
    void begin_apply(std::size_t index, Now now);
    void begin_existing(std::size_t index, const Json& filled, Now now);
    void intend(std::size_t index, const Json& filled, Now now);
    void intend_new(std::size_t index, const Json& filled, Now now);
    void intend_again(std::size_t index, Now now);
    void on_applied(std::size_t index, const CallOutcome& outcome, Now now);
    void on_apply_error(std::size_t index, const Error& error, Now now);
    void on_readiness(std::size_t index, const Result<Readiness>& readiness, Now now);
    void on_probed(std::size_t index, const Result<Observation>& observed, Now now);
    void on_found(std::size_t index, const Observation& observation, Now now);
    void on_absent(std::size_t index, Now now);
    void complete(std::size_t index, const Ready& ready, Now now);
    void on_missing_output(std::size_t index, const std::string& output, Now now);
    void fail_step(std::size_t index, Error error, Now now);
    void acknowledge(Step& step, const Acknowledged& acknowledged, Now now);
    Result<Json> filled_spec(const Step& step) const;
    bool has_promised_outputs(const Step& step) const;

    // removal: run_machine_remove.cpp
    void begin_removal(std::size_t index, Now now);
    void intend_removal(std::size_t index, Now now);
    void on_removed(std::size_t index, const CallOutcome& outcome, Now now);
    void on_removal_error(std::size_t index, const Error& error, Now now);
    void on_removal_look(std::size_t index, const Observation& observation, Now now);
    void complete_removal(std::size_t index, Now now);
    void get_stuck(std::size_t index, Error error, Now now);
    bool is_wanted(const PlanStep& removal) const;
    bool was_absent_before(const Step& step) const;
    bool has_spent(Step& step, Now now) const;

    // undo: run_machine_undo.cpp
    void plan_undo();
    Undo undo_for(const Step& step) const;
    Undo undo_of_row(const Step& step, const ResourceRow& row) const;
    bool depends_on_undone(const Step& step) const;
    void begin_compensation(Now now);
    void schedule_undo(Now now);
    bool undo_is_blocked(const Step& step) const;
    void begin_undo(std::size_t index, Now now);
    void intend_restore(std::size_t index, Now now);
    void on_restored(std::size_t index, Verb verb, const CallOutcome& outcome, Now now);
    void complete_restore(std::size_t index, const Ready& ready, Now now);
    void finish_compensation(Now now);

    // means: run_machine_means.cpp
    void move(Step& step, StepState to);
    void move_run(RunState to);
    Resource& resource_of(const Step& step);
    Resource* find_resource(const RowKey& key);
    const Resource* find_resource(const RowKey& key) const;
    void changed(const RowKey& key) { changed_rows_.insert(key); }
    const Token& token_of(Resource& resource) const;
    void record(Step& step, RecordKind kind, Json outcome, Now now);
    void call(std::size_t index, Verb verb, Now now);
    void wait_for(Step& step, Next next, Milliseconds until);
    void back_off(Step& step, Next next, Now now);
    void await_again(Step& step, Milliseconds longest, Now now);
    void look_for_absence_again(Step& step, Now now);
    Milliseconds horizon_of(const ResourceRow& row) const;
    void lose_answer(Resource& resource, Now now) const;
    bool believes_absence(const Step& step);
    std::size_t index_of(const Step& step) const { return static_cast<std::size_t>(&step - steps_.data()); }

    Setup setup_;
    JournalEnd journal_{};
    const MachineWorld& world_;
    std::vector<Step> steps_;
    std::map<RowKey, Resource> resources_;
    std::map<std::string, RowKey> current_;  ///< by path: what successors refer to
    std::set<RowKey> made_here_;
    std::vector<std::size_t> ready_;
    std::size_t open_before_removal_ = 0;
    Stop stop_ = Stop::none;
    bool undo_is_planned_ = false;
    bool job_time_is_over_ = false;
    Milliseconds deadline_{0};
    Milliseconds kept_until_{0};
    Effects effects_;
    std::set<RowKey>
        changed_rows_;  ///< copied when the effects are taken: a row changes several times between two commits
    std::vector<std::size_t> interrupts_;
};

}  // namespace ramet::engine
