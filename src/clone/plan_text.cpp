#include "clone/plan_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ramet::clone {
namespace {

/// Rows with their columns aligned; empty columns at the end leave no blanks.
std::string table(const std::vector<std::vector<std::string>>& rows)
{
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string text;
    for (const auto& row : rows) {
        std::string line = "  ";
        for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string section(std::string_view title, const std::vector<std::vector<std::string>>& rows)
{
    return rows.empty() ? std::string() : fmt::format("\n{}\n{}", title, table(rows));
}

/// What happens to a service in one word: where it is new, how it comes into being.
std::string word_of(const ServiceLine& line)
{
    const bool is_running = line.treatment == Treatment::rebuilt || line.treatment == Treatment::copied;
    if (line.action == Action::create || (line.action == Action::keep && !is_running))
        return std::string(to_string(line.treatment));
    return std::string(to_string(line.action));
}

std::vector<std::vector<std::string>> rows_of(const std::vector<ServiceLine>& lines)
{
    std::vector<std::vector<std::string>> rows;
    for (const auto& line : lines) rows.push_back({line.name, word_of(line), line.why, join(line.urls, " ")});
    return rows;
}

std::vector<std::vector<std::string>> rows_of(const std::vector<DatabaseLine>& lines)
{
    std::vector<std::vector<std::string>> rows;
    for (const auto& line : lines) rows.push_back({line.name, std::string(to_string(line.action)), line.text});
    return rows;
}

std::vector<std::vector<std::string>> rows_of(const std::vector<JobLine>& lines)
{
    std::vector<std::vector<std::string>> rows;
    for (const auto& line : lines)
        rows.push_back({line.name, std::string(to_string(line.when)),
                        line.action == Action::keep ? "does not run" : "runs", line.why});
    return rows;
}

std::string value_text(const VariableChange& change)
{
    switch (change.kind) {
    case ChangeKind::added: return change.after;
    case ChangeKind::removed: return "(was " + change.before + ")";
    case ChangeKind::changed: return change.before + " => " + change.after;
    }
    return {};
}

/// The same change in several services is one row.
std::vector<std::vector<std::string>> rows_of(const std::vector<VariableChange>& changes)
{
    std::vector<std::vector<std::string>> rows;
    for (const auto& change : changes) {
        const char* sign = change.kind == ChangeKind::added ? "+ " : change.kind == ChangeKind::removed ? "- " : "~ ";
        std::vector<std::string> row{sign + change.key, value_text(change), change.service, change.why};
        const auto is_alike = [&](const auto& other) {
            return other[0] == row[0] && other[1] == row[1] && other[3] == row[3];
        };
        if (const auto same = std::ranges::find_if(rows, is_alike); same != rows.end())
            (*same)[2] += ", " + change.service;
        else
            rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<std::vector<std::string>> rows_of(const std::vector<std::string>& lines)
{
    std::vector<std::vector<std::string>> rows;
    for (const auto& line : lines) rows.push_back({line});
    return rows;
}

std::string refusals_text(const std::vector<Error>& refusals)
{
    std::string text = refusals.empty() ? "" : "\nrefused\n";
    for (const auto& refusal : refusals) {
        text += "  " + (refusal.where.empty() ? "" : refusal.where + ": ") + refusal.message + "\n";
        if (!refusal.next_step.empty()) text += "    " + refusal.next_step + "\n";
    }
    return text;
}

std::string title(const PlanSummary& plan)
{
    const auto origin = plan.base.empty() ? "" : ", cloned from " + plan.base;
    return fmt::format("{}{}: {} @ {} on target {}\n", plan.environment, origin,
                       plan.branch.empty() ? "-" : plan.branch, plan.commit.substr(0, 7), plan.target);
}

}  // namespace

std::string to_text(const PlanSummary& plan)
{
    std::vector<std::vector<std::string>> unapplied;
    for (const auto& key : plan.not_applied) unapplied.push_back({key.path, key.where, key.reason});
    auto text = title(plan);
    text += section("services", rows_of(plan.services));
    text += section("databases", rows_of(plan.databases));
    text += section("jobs", rows_of(plan.jobs));
    text += section("variables against " + plan.base, rows_of(plan.against_base));
    text += section("variables against what is deployed", rows_of(plan.against_previous));
    text += section("not applied on this target", unapplied);
    text += section("to know", rows_of(plan.notes));
    text += section("not enforced on this target", rows_of(plan.not_enforced));
    text += refusals_text(plan.refusals);
    if (plan.refusals.empty() && !has_changes(plan)) text += "\nnothing to do\n";
    return text;
}

}  // namespace ramet::clone
