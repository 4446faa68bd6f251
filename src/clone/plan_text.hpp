#pragma once

#include "base/json.hpp"
#include "clone/difference.hpp"
#include "clone/guard.hpp"

#include <string>
#include <vector>

namespace ramet::clone {

/// A key of the file that has no effect on this target.
struct UnappliedKey {
    std::string path;
    std::string reason{};
    std::string where{};  ///< "ramet.yaml:33:5"
};

/// What the use case adds to what `clone` knows.
struct PlanFacts {
    Known known{};
    std::vector<UnappliedKey> not_applied{};
    std::vector<Error> refusals{};            ///< of support and of the guard; those of `Cloned` are added
    std::vector<Violation> accepted{};        ///< by allow_reach
    std::vector<std::string> not_enforced{};  ///< what this target does not keep apart
};

/// `ramet plan` as data: what will happen, and why, before anything does. Never a secret's value: only names and versions.
struct PlanSummary {
    std::string environment;
    std::string base{};
    std::string target{};
    std::string branch{};
    std::string commit{};
    std::vector<ServiceLine> services{};
    std::vector<DatabaseLine> databases{};
    std::vector<JobLine> jobs{};
    std::vector<VariableChange> against_base{};
    std::vector<VariableChange> against_previous{};
    bool exists = false;
    std::vector<UnappliedKey> not_applied{};
    std::vector<std::string> notes{};
    std::vector<std::string> not_enforced{};
    std::vector<Error> refusals{};
};

PlanSummary summarize(const Cloned& cloned, const PlanFacts& facts);

/// For the exit code of `plan --exit-code`.
bool has_changes(const PlanSummary& plan);

std::string to_text(const PlanSummary& plan);
Json to_json(const PlanSummary& plan);

}  // namespace ramet::clone
