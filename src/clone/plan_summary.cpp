#include "clone/plan_text.hpp"

#include <algorithm>

namespace ramet::clone {
namespace {

template <typename Line>
bool any_changes(const std::vector<Line>& lines)
{
    return std::ranges::any_of(lines, [](const Line& line) { return line.action != Action::keep; });
}

std::vector<std::string> notes_of(const Cloned& cloned, const PlanFacts& facts)
{
    auto notes = cloned.notes;
    for (const auto& name : cloned.without_secrets)
        notes.push_back(name + " is left out: this preview gets no secrets");
    for (const auto& violation : facts.accepted) notes.push_back("accepted by allow_reach: " + describe(violation));
    return notes;
}

/// Said before anything happens: what a job changes in data that stays is not taken back with the code.
void note_what_is_not_restored(PlanSummary& plan)
{
    const auto keeps_data =
        std::ranges::any_of(plan.databases, [](const auto& line) { return line.action == Action::keep; });
    if (!plan.exists || !keeps_data) return;
    for (const auto& job : plan.jobs)
        if (job.when == JobMoment::before_start && (job.action == Action::create || job.action == Action::update))
            plan.notes.push_back(
                "job " + job.name +
                " runs before the start: should the deployment fail, the code goes back to what it was, "
                "the data does not");
}

}  // namespace

PlanSummary summarize(const Cloned& cloned, const PlanFacts& facts)
{
    auto known = facts.known;
    known.is_push = known.previous != nullptr && known.previous->commit != cloned.desired.commit;
    PlanSummary plan{.environment = cloned.desired.name,
                     .base = known.base_name,
                     .target = cloned.desired.target,
                     .branch = cloned.desired.branch,
                     .commit = cloned.desired.commit.str(),
                     .services = compare_services(cloned, known),
                     .databases = compare_databases(cloned, known),
                     .jobs = compare_jobs(cloned, known),
                     .exists = known.previous != nullptr,
                     .not_applied = facts.not_applied,
                     .notes = notes_of(cloned, facts),
                     .not_enforced = facts.not_enforced,
                     .refusals = facts.refusals};
    if (known.base != nullptr) plan.against_base = compare_variables(*known.base, cloned.desired, &cloned.resolution);
    if (known.previous != nullptr)
        plan.against_previous = compare_variables(*known.previous, cloned.desired, &cloned.resolution);
    note_what_is_not_restored(plan);
    plan.refusals.insert(plan.refusals.end(), cloned.refusals.begin(), cloned.refusals.end());
    return plan;
}

bool has_changes(const PlanSummary& plan)
{
    return !plan.exists || any_changes(plan.services) || any_changes(plan.databases) || any_changes(plan.jobs) ||
           !plan.against_previous.empty();
}

}  // namespace ramet::clone
