#pragma once

#include "engine/driver.hpp"
#include "engine/engine.hpp"
#include "engine/graph.hpp"
#include "engine/records.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace ramet::engine {

/// When in a run a step has its turn.
enum class StepStage : std::uint8_t {
    clear,   ///< removal of what an earlier run began to remove, before its path is used again
    apply,   ///< the nodes of the graph
    remove,  ///< what nothing needs any more, after all of the above
};

/// Whether a removal is sure when the plan is made.
enum class RemovalCondition : std::uint8_t {
    always,
    when_replaced,  ///< only if the apply step of the same path made a newer incarnation
    when_made,      ///< only if the apply step of the same path made this incarnation
};

/// One step as data. It says what is wanted; what is there may be known only when its turn comes, because a spec may hold
/// outputs of steps before it. Then `update` may turn out to be nothing at all, or a replacement.
struct PlanStep {
    std::string key{};  ///< unique in the plan: the path, or "remove <path> #<incarnation>"
    StepAction action = StepAction::keep;
    StepStage stage = StepStage::apply;
    RemovalCondition condition = RemovalCondition::always;
    std::string path{};
    std::string kind{};
    std::int64_t incarnation = 1;      ///< what it creates, updates, keeps or removes
    Json spec{};                       ///< not filled; of apply steps only
    std::vector<std::string> needs{};  ///< paths, of apply steps
    std::vector<std::string> outputs{};
    std::vector<std::string> after{};  ///< keys of the steps that come first
};

/// Frozen: a newer binary can finish what this says without the code that made it.
struct Plan {
    std::vector<PlanStep> steps{};
};

/// What a driver says about a changed spec.
using Classify = std::function<Driver::Change(const std::string& kind, const Json& old_spec, const Json& new_spec)>;

struct PlanInput {
    const Graph& graph;
    RunKind kind = RunKind::apply;
    bool probe_all = false;
    std::span<const ResourceRow> ledger{};
    const Classify& classify;
};

/// Graph minus ledger. Pure: equal input gives equal bytes. Errors: `invalid` (the graph, see check_graph).
Result<Plan> plan(const PlanInput& input);

/// Whether the plan changes nothing.
bool is_empty(const Plan& plan);

Json to_json(const Plan& plan);
Result<Plan> plan_from_json(const Json& value);
std::string hash_of(const Plan& plan);
/// The same of what `to_json` made.
std::string hash_of_plan(const Json& plan);

/// A request as data, and back; without its extra parts `note` and `id`, which are columns.
Json to_json(const RunRequest& request);
Result<RunRequest> request_from_json(const Json& value);

}  // namespace ramet::engine
