#pragma once

#include "app/context.hpp"
#include "clone/clone.hpp"
#include "clone/plan_text.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ramet::app {

/// What an environment is wanted to be, before any of it exists.
struct Wanted {
    storage::Project project;
    Environment environment;                       ///< stored, or for a plan only thought of
    std::optional<Environment> base{};             ///< of a preview
    std::optional<DesiredEnvironment> previous{};  ///< what was submitted last
    /// Databases of which no golden copy can be had, and why: their fall-back is taken.
    std::map<std::string, std::string> without_golden{};
};

/// The desired environment with all that is to be said about it. Nothing was changed to get it, but for generated values.
struct Prepared {
    DesiredEnvironment desired{};
    std::optional<DesiredEnvironment> base{};
    clone::Cloned cloned{};  ///< as it came out of clone/: for plans and `explain`
    PreviewPolicy policy{};
    std::vector<clone::UnappliedKey> not_applied{};
    std::vector<clone::Violation> accepted{};  ///< by allow_reach
    std::vector<std::string> notes{};          ///< for people: what takes effect once merged, what is not applied here
    std::vector<Error> refusals{};             ///< all of them; nothing may run while there is one
};

/// Whether values that are generated once (passwords, `generate:`) are made and stored now, or only thought of.
enum class Generating : bool { imagined, stored };

/// Reads the files at their commits, resolves and guards. Errors: unavailable (repository, store), invalid (the file: every fault
/// in the evidence), not_found (the commit is gone).
Result<Prepared> prepare(App& app, const Wanted& wanted, Generating generating);

/// The row's project, base and what was submitted last.
Result<Wanted> load_wanted(App& app, const EnvironmentId& id);

/// What was submitted last for an environment.
Result<std::optional<DesiredEnvironment>> load_desired(App& app, const EnvironmentId& id);

/// ramet.yaml, or `invalid` with every fault in the evidence.
Result<ProjectFile> parse_file(const std::string& text, const std::string& name);

/// Where the project's commits are fetched from, with the Git host's credentials.
Result<GitSource> git_source(App& app, const storage::Project& project);

}  // namespace ramet::app
