#pragma once

#include "base/clock.hpp"
#include "clone/clone.hpp"

#include <map>
#include <string>
#include <vector>

namespace ramet::clone {

/// What happens to a part of an environment, measured against what it was before.
enum class Action : std::uint8_t { create, update, keep, remove };

struct ServiceLine {
    std::string name;
    Treatment treatment = Treatment::rebuilt;
    Action action = Action::create;
    std::string why{};
    std::vector<std::string> urls{};
    friend bool operator==(const ServiceLine&, const ServiceLine&) = default;
};

enum class ChangeKind : std::uint8_t { added, removed, changed };

/// A variable whose value differs. Of secrets only names and versions are shown.
struct VariableChange {
    std::string service;
    std::string key;
    ChangeKind kind = ChangeKind::changed;
    std::string before{};
    std::string after{};
    std::string why{};  ///< "previews of the project (ramet.yaml:80:5)"
    friend bool operator==(const VariableChange&, const VariableChange&) = default;
};

struct DatabaseLine {
    std::string name;
    DataStrategy strategy = DataStrategy::seed;
    Action action = Action::create;
    std::string text{};  ///< "clone of staging, 12m old"
    friend bool operator==(const DatabaseLine&, const DatabaseLine&) = default;
};

struct JobLine {
    std::string name;
    JobMoment when = JobMoment::before_start;
    Action action = Action::create;  ///< keep: nothing that it depends on has changed
    std::string why{};
    friend bool operator==(const JobLine&, const JobLine&) = default;
};

/// What is known beside the desired environment.
struct Known {
    const DesiredEnvironment* base = nullptr;      ///< of a preview: its base as deployed
    const DesiredEnvironment* previous = nullptr;  ///< the same environment as deployed; null: it does not exist yet
    bool is_push = false;                          ///< another commit than the previous one: `on_push: reset` counts
    std::string base_name{};
    std::map<std::string, Milliseconds> golden_ages{};  ///< by database; missing: a golden copy is made first
    PublicAddress public_address{};
};

/// By name, what is removed last.
std::vector<ServiceLine> compare_services(const Cloned& cloned, const Known& known);
std::vector<DatabaseLine> compare_databases(const Cloned& cloned, const Known& known);
std::vector<JobLine> compare_jobs(const Cloned& cloned, const Known& known);

/// Variables of services and jobs in both whose values differ. What must differ is left out: the environment's own passwords,
/// generated values and public hosts. `reasons` explains the values of `after`; null: no reasons.
std::vector<VariableChange> compare_variables(const DesiredEnvironment& before, const DesiredEnvironment& after,
                                              const variables::ResolutionInput* reasons);

std::string_view to_string(Action action);
std::string_view to_string(ChangeKind kind);

}  // namespace ramet::clone
