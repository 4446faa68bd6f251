#pragma once

#include "engine/driver.hpp"
#include "engine/graph.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ramet::engine {

using EngineRunId = Id<struct EngineRunIdTag>;

enum class RunKind : std::uint8_t { apply, destroy, golden, sweep };

enum class RunState : std::uint8_t {
    queued,
    running,
    succeeded,
    superseded,
    cancelled,
    refused,
    compensating,
    rolled_back,
    needs_human,
    kept
};

/// What to do when a step of an apply run fails.
enum class FailurePolicy : std::uint8_t { roll_back, keep_last_good };

/// What the engine is asked for: bring `owner` to `graph`. The newest generation wins; destroy beats apply. A generation of 0
/// means the newest so far plus one; one that is older than the newest is `conflict`.
/// For destroy the graph holds what runs before everything is removed (before-delete jobs, best effort; may be empty); its nodes
/// may need, and refer to outputs of, what the owner has.
struct RunRequest {
    OwnerId owner;
    std::int64_t generation = 0;
    RunKind kind = RunKind::apply;
    Graph graph{};
    FailurePolicy on_failure = FailurePolicy::roll_back;
    /// First create that fails is kept this long for debugging before it is rolled back; zero: at once.
    Milliseconds keep_failed{0};
    Milliseconds timeout{15 * 60'000};
    /// Free data that belongs to whoever asked (who, why, commit); shown, never interpreted.
    Json note{};
    /// Also looks at what the ledger says is live, and makes again what is observed absent.
    bool probe_all = false;
    /// Given by the caller when its own rows must name the run; empty: the engine makes one.
    EngineRunId id{};
};

enum class StepAction : std::uint8_t { create, update, replace, remove, keep };

enum class StepState : std::uint8_t {
    pending,
    ready,
    intent,
    in_flight,
    acked,
    waiting,
    done,
    unknown,
    probe,
    adopt,
    backoff,
    failed,
    undoing,
    undone,
    stuck
};

struct StepView {
    std::string path;
    std::string kind;
    StepAction action = StepAction::keep;
    StepState state = StepState::pending;
    int attempt = 0;
    std::vector<std::string> needs{};
    std::string waiting_for{};  ///< the driver's last "not yet" reason
    std::optional<Error> error{};
    std::optional<Time> started_at{};
    std::optional<Time> ended_at{};
};

struct RunView {
    EngineRunId id;
    OwnerId owner;
    std::int64_t generation = 0;
    RunKind kind = RunKind::apply;
    RunState state = RunState::queued;
    std::string plan_hash{};
    Json note{};
    std::optional<Error> error{};  ///< the first failure, with evidence
    EngineRunId superseded_by{};
    Time created_at{};
    std::optional<Time> ended_at{};
    std::vector<StepView> steps{};
};

enum class Phase : std::uint8_t { intended, live, removing, gone };

/// One row of the ledger.
struct ResourceView {
    ResourceRef ref;
    std::string owner_path{};
    Phase phase = Phase::intended;
    std::string spec_hash{};
    std::vector<std::string> depends_on{};
    std::optional<Time> absent_at{};  ///< when its absence was observed; the receipt's column
};

struct SweepReport {
    struct Finding {
        InventoryItem item;
        std::string verdict{};  ///< orphan | unmatched (our mark, no INTENT: reported, never deleted)
    };
    std::vector<Finding> findings{};
    std::vector<EngineRunId> runs{};  ///< that remove orphans: of kind sweep, one for each owner that has some
    int removed = 0;
    bool needs_confirmation = false;  ///< more than max(5, 10 % of the inventory)
};

bool is_final(RunState state);
std::string_view to_string(RunState state);
std::string_view to_string(RunKind kind);
std::string_view to_string(StepState state);
std::string_view to_string(StepAction action);
std::string_view to_string(Phase phase);

}  // namespace ramet::engine
