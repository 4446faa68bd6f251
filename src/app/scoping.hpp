#pragma once

#include "app/caller.hpp"
#include "app/context.hpp"
#include "app/environments.hpp"

#include <string>
#include <vector>

namespace ramet::app {

// Who may see what. Another project's object answers `not_found`, word for word like one that does not exist.

bool may_see(const Caller& caller, const std::string& project);
/// `forbidden` to a token that is for one project.
Result<void> require_whole_organization(const Caller& caller);

/// The project of that name, or the only visible one when the name is empty; `invalid` lists them where there are several.
Result<storage::Project> get_visible_project(App& app, const Caller& caller, const std::string& name_or_empty);

/// All that the caller may see, or the named one.
Result<std::vector<storage::Project>> visible_projects(App& app, const Caller& caller,
                                                       const std::string& name_or_empty);

struct Found {
    storage::Project project;
    Environment environment;
};
/// A living environment by name. Without a project's name every visible project is looked through; `invalid` when several have one,
/// `conflict` when the precondition does not hold.
Result<Found> get_visible_environment(App& app, const Caller& caller, const EnvironmentName& name);

/// Another one after each change of the row.
std::string version_of(const Environment& environment);

/// The same by id, for runs.
Result<Found> get_visible_environment(App& app, const Caller& caller, const EnvironmentId& id);

}  // namespace ramet::app
