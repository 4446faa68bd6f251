#include "clone/plan_text.hpp"

namespace ramet::clone {
namespace {

json::array texts(const std::vector<std::string>& list)
{
    json::array result;
    for (const auto& text : list) result.emplace_back(text);
    return result;
}

Json to_json(const ServiceLine& line)
{
    return {{"name", line.name},
            {"treatment", ramet::to_string(line.treatment)},
            {"action", to_string(line.action)},
            {"why", line.why},
            {"urls", texts(line.urls)}};
}

Json to_json(const DatabaseLine& line)
{
    return {{"name", line.name},
            {"strategy", ramet::to_string(line.strategy)},
            {"action", to_string(line.action)},
            {"text", line.text}};
}

Json to_json(const JobLine& line)
{
    return {{"name", line.name},
            {"when", ramet::to_string(line.when)},
            {"action", to_string(line.action)},
            {"why", line.why}};
}

Json to_json(const VariableChange& change)
{
    return {{"service", change.service}, {"key", change.key},     {"change", to_string(change.kind)},
            {"before", change.before},   {"after", change.after}, {"why", change.why}};
}

Json to_json(const UnappliedKey& key)
{
    return {{"key", key.path}, {"reason", key.reason}, {"where", key.where}};
}

Json to_json(const Error& error)
{
    return {{"code", ramet::to_string(error.kind)},
            {"message", error.message},
            {"where", error.where},
            {"next_step", error.next_step}};
}

template <typename Line>
json::array list(const std::vector<Line>& lines)
{
    json::array result;
    for (const auto& line : lines) result.push_back(to_json(line));
    return result;
}

}  // namespace

Json to_json(const PlanSummary& plan)
{
    return {{"environment", plan.environment},
            {"base", plan.base},
            {"target", plan.target},
            {"branch", plan.branch},
            {"commit", plan.commit},
            {"exists", plan.exists},
            {"has_changes", has_changes(plan)},
            {"services", list(plan.services)},
            {"databases", list(plan.databases)},
            {"jobs", list(plan.jobs)},
            {"variables_against_base", list(plan.against_base)},
            {"variables_against_previous", list(plan.against_previous)},
            {"not_applied", list(plan.not_applied)},
            {"notes", texts(plan.notes)},
            {"not_enforced", texts(plan.not_enforced)},
            {"refusals", list(plan.refusals)}};
}

}  // namespace ramet::clone
