#include "base/hash.hpp"
#include "engine/plan.hpp"

#include <array>

namespace ramet::engine {
namespace {

constexpr std::array<std::string_view, 3> stage_words = {"clear", "apply", "remove"};
constexpr std::array<std::string_view, 3> condition_words = {"always", "when_replaced", "when_made"};

template <typename E>
Result<E> parse_word(const std::array<std::string_view, 3>& words, std::string_view word)
{
    for (std::size_t index = 0; index < words.size(); ++index)
        if (words[index] == word) return static_cast<E>(index);
    return fail(ErrorKind::integrity, "a stored plan says \"{}\", which this version does not know", word);
}

Json step_to_json(const PlanStep& step)
{
    json::object object{{"key", step.key},
                        {"action", to_string(step.action)},
                        {"stage", stage_words[static_cast<std::size_t>(step.stage)]},
                        {"path", step.path},
                        {"kind", step.kind},
                        {"incarnation", step.incarnation}};
    if (step.action == StepAction::remove) {
        object["condition"] = condition_words[static_cast<std::size_t>(step.condition)];
    } else {
        object["spec"] = step.spec;
        object["needs"] = to_json(step.needs);
        object["outputs"] = to_json(step.outputs);
    }
    object["after"] = to_json(step.after);
    return object;
}

Result<PlanStep> step_from_json(const Json& value)
{
    PlanStep step;
    step.key = TRY(require_string(value, "key"));
    step.action = TRY(parse_step_action(get_string(value, "action")));
    step.stage = TRY(parse_word<StepStage>(stage_words, get_string(value, "stage")));
    step.condition = TRY(parse_word<RemovalCondition>(condition_words, get_string(value, "condition", "always")));
    step.path = TRY(require_string(value, "path"));
    step.kind = TRY(require_string(value, "kind"));
    step.incarnation = get_int(value, "incarnation", 1);
    step.spec = get_member(value, "spec");
    step.needs = words_from_json(get_member(value, "needs"));
    step.outputs = words_from_json(get_member(value, "outputs"));
    step.after = words_from_json(get_member(value, "after"));
    return step;
}

Json node_to_json(const Node& node)
{
    return json::object{{"path", node.path},
                        {"kind", node.kind},
                        {"spec", node.spec},
                        {"needs", to_json(node.needs)},
                        {"outputs", to_json(node.outputs)}};
}

Node node_from_json(const Json& value)
{
    return Node{get_string(value, "path"), get_string(value, "kind"), get_member(value, "spec"),
                words_from_json(get_member(value, "needs")), words_from_json(get_member(value, "outputs"))};
}

}  // namespace

Json to_json(const Plan& plan)
{
    json::array steps;
    for (const auto& step : plan.steps) steps.push_back(step_to_json(step));
    json::object object;
    object.emplace("steps", std::move(steps));
    return object;
}

Result<Plan> plan_from_json(const Json& value)
{
    const auto* steps = get_member(value, "steps").if_array();
    if (!steps) return fail(ErrorKind::integrity, "a stored plan has no steps");
    Plan plan;
    for (const auto& step : *steps) plan.steps.push_back(TRY(step_from_json(step)));
    return plan;
}

std::string hash_of(const Plan& plan)
{
    return hash_of_plan(to_json(plan));
}

std::string hash_of_plan(const Json& plan)
{
    return sha256_hex(to_canonical_text(plan));
}

Json to_json(const RunRequest& request)
{
    json::array nodes;
    for (const auto& node : request.graph.nodes) nodes.push_back(node_to_json(node));
    json::object object{{"owner", request.owner.str()},
                        {"generation", request.generation},
                        {"kind", to_string(request.kind)},
                        {"on_failure", request.on_failure == FailurePolicy::roll_back ? "roll_back" : "keep_last_good"},
                        {"keep_failed_ms", request.keep_failed.count()},
                        {"timeout_ms", request.timeout.count()},
                        {"probe_all", request.probe_all}};
    object.emplace("nodes", std::move(nodes));
    return object;
}

Result<RunRequest> request_from_json(const Json& value)
{
    const auto* nodes = get_member(value, "nodes").if_array();
    if (!nodes) return fail(ErrorKind::integrity, "a stored request has no nodes");
    RunRequest request;
    request.owner = OwnerId(get_string(value, "owner"));
    request.generation = get_int(value, "generation");
    request.kind = TRY(parse_run_kind(get_string(value, "kind")));
    request.on_failure =
        get_string(value, "on_failure") == "keep_last_good" ? FailurePolicy::keep_last_good : FailurePolicy::roll_back;
    request.keep_failed = Milliseconds{get_int(value, "keep_failed_ms")};
    request.timeout = Milliseconds{get_int(value, "timeout_ms")};
    request.probe_all = get_bool(value, "probe_all");
    for (const auto& node : *nodes) request.graph.nodes.push_back(node_from_json(node));
    return request;
}

}  // namespace ramet::engine
