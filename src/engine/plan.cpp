#include "engine/plan.hpp"

#include "engine/fill.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace ramet::engine {
namespace {

/// What the ledger has under one path.
struct PathRows {
    const ResourceRow* current = nullptr;         ///< what the next version builds on
    std::vector<const ResourceRow*> condemned{};  ///< an earlier run began to remove them
    std::vector<const ResourceRow*> left_over{};  ///< older incarnations that a superseded run left beside the current
    std::int64_t newest = 0;
};

using Ledger = std::map<std::string, PathRows>;

Ledger group_by_path(std::span<const ResourceRow> rows)
{
    Ledger ledger;
    for (const auto& row : rows) {
        auto& path = ledger[row.ref.path];
        path.newest = std::max(path.newest, row.ref.incarnation);
        if (row.phase == Phase::gone) continue;
        if (row.phase == Phase::removing) {
            path.condemned.push_back(&row);
            continue;
        }
        if (path.current && path.current->ref.incarnation > row.ref.incarnation) {
            path.left_over.push_back(&row);
            continue;
        }
        if (path.current) path.left_over.push_back(path.current);
        path.current = &row;
    }
    return ledger;
}

std::string removal_key(const std::string& path, std::int64_t incarnation)
{
    return "remove " + path + " #" + std::to_string(incarnation);
}

class Planner {
public:
    explicit Planner(const PlanInput& input) : input_(input), ledger_(group_by_path(input.ledger)) {}

    Result<Plan> make()
    {
        TRY(check_graph(input_.graph, existing_outputs()));
        for (const auto& node : input_.graph.nodes) nodes_.emplace(node.path, &node);
        for (const auto& node : input_.graph.nodes) add_node(node);
        add_removals();
        order_removals();
        return std::move(plan_);
    }

private:
    bool destroys() const { return input_.kind == RunKind::destroy; }

    ExistingOutputs existing_outputs() const
    {
        ExistingOutputs outputs;
        if (!destroys()) return outputs;
        for (const auto& [path, rows] : ledger_)
            if (rows.current) outputs.emplace(path, rows.current->ref.outputs);
        return outputs;
    }

    // Needs come first whatever the order in the graph, because the action of a node depends on theirs.
    void add_node(const Node& node)
    {
        if (!visited_.insert(node.path).second) return;
        PlanStep step;
        for (const auto& need : node.needs) {
            const auto needed = nodes_.find(need);
            if (needed == nodes_.end()) continue;
            add_node(*needed->second);
            step.after.push_back(need);
        }
        step.key = step.path = node.path;
        step.kind = node.kind;
        step.spec = node.spec;
        step.needs = node.needs;
        step.outputs = node.outputs;
        const auto rows = ledger_.find(node.path);
        decide(step, rows == ledger_.end() ? PathRows{} : rows->second);
        actions_.emplace(node.path, step.action);
        plan_.steps.push_back(std::move(step));
    }

    void decide(PlanStep& step, const PathRows& rows)
    {
        for (const auto* row : rows.condemned) {
            add_removal(*row, StepStage::clear, RemovalCondition::always);
            step.after.push_back(removal_key(row->ref.path, row->ref.incarnation));
        }
        if (!rows.current) {
            step.action = StepAction::create;
            step.incarnation = rows.newest + 1;
            return;
        }
        step.incarnation = rows.current->ref.incarnation;
        step.action = action_for(step, *rows.current);
    }

    StepAction action_for(const PlanStep& step, const ResourceRow& row) const
    {
        if (row.ref.kind != step.kind) return StepAction::replace;
        if (row.phase != Phase::live || !has_outputs(row, step) || !needs_are_kept(step)) return StepAction::update;
        const auto filled = fill_spec(step.spec, outputs_of_needs(step));
        // An output that the ledger lacks is given only when the needed node is done again.
        if (!filled) return StepAction::update;
        if (spec_hash(*filled) == row.spec_hash) return StepAction::keep;
        switch (input_.classify(step.kind, row.ref.spec, *filled)) {
        case Driver::Change::keep: return StepAction::keep;
        case Driver::Change::update: return StepAction::update;
        case Driver::Change::replace: return StepAction::replace;
        }
        return StepAction::update;
    }

    /// What an older version made may lack what is promised now.
    static bool has_outputs(const ResourceRow& row, const PlanStep& step)
    {
        return std::ranges::all_of(step.outputs, [&](const auto& name) { return row.ref.outputs.contains(name); });
    }

    bool needs_are_kept(const PlanStep& step) const
    {
        return std::ranges::all_of(step.needs, [this](const std::string& need) {
            const auto action = actions_.find(need);
            return action == actions_.end() || action->second == StepAction::keep;
        });
    }

    ExistingOutputs outputs_of_needs(const PlanStep& step) const
    {
        ExistingOutputs outputs;
        for (const auto& need : step.needs)
            if (const auto rows = ledger_.find(need); rows != ledger_.end() && rows->second.current)
                outputs.emplace(need, rows->second.current->ref.outputs);
        return outputs;
    }

    void add_removal(const ResourceRow& row, StepStage stage, RemovalCondition condition)
    {
        PlanStep step;
        step.key = removal_key(row.ref.path, row.ref.incarnation);
        step.action = StepAction::remove;
        step.stage = stage;
        step.condition = condition;
        step.path = row.ref.path;
        step.kind = row.ref.kind;
        step.incarnation = row.ref.incarnation;
        if (!removal_keys_.insert(step.key).second) return;
        dependencies_[step.key] = row.depends_on;
        plan_.steps.push_back(std::move(step));
    }

    void add_removals()
    {
        for (const auto& [path, rows] : ledger_) {
            for (const auto* row : rows.condemned) add_removal(*row, StepStage::clear, RemovalCondition::always);
            for (const auto* row : rows.left_over) add_removal(*row, StepStage::remove, RemovalCondition::always);
            if (rows.current) add_removal(*rows.current, StepStage::remove, condition_for(path));
        }
        if (!destroys()) return;
        for (const auto& node : input_.graph.nodes) add_removal_of_what_destroy_makes(node);
    }

    RemovalCondition condition_for(const std::string& path) const
    {
        const bool stays = !destroys() && nodes_.contains(path);
        return stays ? RemovalCondition::when_replaced : RemovalCondition::always;
    }

    void add_removal_of_what_destroy_makes(const Node& node)
    {
        const auto rows = ledger_.find(node.path);
        ResourceRow made;
        made.ref.path = node.path;
        made.ref.kind = node.kind;
        made.ref.incarnation = rows == ledger_.end() ? 1 : rows->second.newest + 1;
        made.depends_on = node.needs;
        add_removal(made, StepStage::remove, RemovalCondition::when_made);
    }

    /// Dependents go before what they depend on.
    void order_removals()
    {
        std::map<std::string, std::vector<PlanStep*>> removals;
        for (auto& step : plan_.steps)
            if (step.action == StepAction::remove) removals[step.path].push_back(&step);
        for (auto& step : plan_.steps) {
            const auto needs = dependencies_.find(step.key);
            if (step.action != StepAction::remove || needs == dependencies_.end()) continue;
            for (const auto& need : needs->second) {
                const auto needed = removals.find(need);
                if (needed == removals.end()) continue;
                for (auto* removal : needed->second)
                    if (removal->stage >= step.stage && removal->path != step.path) add_edge(*removal, step.key);
            }
        }
    }

    // Rows of different generations may depend on each other in a circle; what closes the circle is left out.
    void add_edge(PlanStep& later, const std::string& earlier)
    {
        if (!reaches(earlier, later.key)) later.after.push_back(earlier);
    }

    bool reaches(const std::string& from, const std::string& target) const
    {
        std::vector<std::string> open{from};
        std::set<std::string> seen;
        while (!open.empty()) {
            const auto key = std::move(open.back());
            open.pop_back();
            if (key == target) return true;
            if (!seen.insert(key).second) continue;
            const auto step = std::ranges::find(plan_.steps, key, &PlanStep::key);
            if (step != plan_.steps.end()) open.insert(open.end(), step->after.begin(), step->after.end());
        }
        return false;
    }

    const PlanInput& input_;
    Ledger ledger_;
    std::map<std::string, const Node*> nodes_;
    std::set<std::string> visited_;
    std::set<std::string> removal_keys_;
    std::map<std::string, StepAction> actions_;
    std::map<std::string, std::vector<std::string>> dependencies_;
    Plan plan_;
};

}  // namespace

Result<Plan> plan(const PlanInput& input)
{
    return Planner(input).make();
}

bool is_empty(const Plan& plan)
{
    return std::ranges::all_of(plan.steps, [](const PlanStep& step) {
        return step.action == StepAction::keep || step.condition != RemovalCondition::always;
    });
}

}  // namespace ramet::engine
