#pragma once

#include "app/environments.hpp"

namespace ramet::app {

struct PlanRequest {
    std::string project{};
    std::string environment{};      ///< a base by name …
    std::int64_t pull_request = 0;  ///< … or the preview of this pull request …
    std::string branch{};           ///< … or what a preview by hand would be
    std::string file_text{};        ///< a file that is not registered yet, with `environment`
    bool target_here = false;
};

struct PlanView {
    std::string text;  ///< for people
    Json data;         ///< the same as data
    bool has_changes = false;
    std::vector<Error> refusals{};  ///< all of them; a plan with one cannot run
};
/// Reads, computes, prints; changes nothing.
Result<PlanView> plan_environment(App& app, const Caller& caller, const PlanRequest& request);

/// What differs between two environments, or an environment and its base.
Result<PlanView> compare_environments(App& app, const Caller& caller, const EnvironmentName& left,
                                      const std::string& right);

}  // namespace ramet::app
