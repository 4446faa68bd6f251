#pragma once

#include "app/app.hpp"
#include "app/caller.hpp"
#include "app/precondition.hpp"
#include "base/json.hpp"
#include "base/secret_bytes.hpp"
#include "domain/environment.hpp"
#include "domain/project_file.hpp"
#include "storage/projects.hpp"

#include <string>
#include <vector>

namespace ramet::app {

struct ApplyRequest {
    std::string file_text;
    std::string file_name = "ramet.yaml";
    std::string repository{};                 ///< URL or absolute path; empty: keeps the registered one
    bool target_here = false;                 ///< puts an unchanged file on this machine; kept by the installation
    std::vector<std::string> environments{};  ///< empty: every managed one
};

struct ConnectRequest {
    std::string forge;  ///< "gitea" | "github"
    std::string url;
    std::string repository;  ///< OWNER/NAME
    SecretBytes token{};
    bool target_here = false;
};

struct ProjectView {
    std::string name;
    std::string repository{};
    std::string forge{};
    std::string forge_url{};
    std::string trusted_branch{};
    std::string trusted_commit{};
    bool target_here = false;
    std::string webhook{};  ///< "installed", "polling only: …"
    std::vector<std::string> environments{};
    std::string version{};  ///< another one after each change of what is registered
};

/// What was started; clients wait for the runs.
struct Started {
    std::string project;
    struct Item {
        std::string environment;
        std::string run;  ///< empty when nothing changed
        std::string state;
    };
    std::vector<Item> environments{};
    std::vector<std::string>
        notes{};  ///< not applied under --target here, adopted environments that were registered only, …
};

/// Registers the project or takes over its new file, and brings its managed environments up.
/// Errors: invalid (all faults of the file, in `evidence`), refused (keys that the target does not serve), unavailable (repository).
Result<Started> apply_project(App& app, const Caller& caller, const ApplyRequest& request);

/// The trusted branch has moved: its file counts from now on, and the named bases (all when none is named) follow it.
Result<Started> take_over_trusted_file(App& app, const Caller& caller, storage::Project project,
                                       const std::string& text, const CommitSha& commit,
                                       const std::vector<std::string>& environments);

/// Registers the project from its default branch, brings up the previews' base, makes the webhook when it may, polls besides.
Result<Started> connect_repository(App& app, const Caller& caller, ConnectRequest request);

Result<std::vector<ProjectView>> list_projects(App& app, const Caller& caller);
Result<ProjectView> get_project(App& app, const Caller& caller, const std::string& name);
/// Refused while it has environments.
Result<void> remove_project(App& app, const Caller& caller, const std::string& name,
                            const Precondition& precondition = {});

/// The project that is meant when none is named: the only one. `invalid` lists them where there are several.
Result<std::string> resolve_project(App& app, const Caller& caller, const std::string& name_or_empty);

}  // namespace ramet::app
