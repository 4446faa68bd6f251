#include "app/scoping.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

namespace ramet::app {

namespace {

std::vector<std::string> names_of(const std::vector<storage::Project>& projects)
{
    std::vector<std::string> names;
    for (const auto& project : projects) names.push_back(project.name);
    return names;
}

Error no_such_environment(const std::string& name)
{
    return Error{ErrorKind::not_found, "no environment is called " + name, {}, "ramet env list"};
}

}  // namespace

bool may_see(const Caller& caller, const std::string& project)
{
    return caller.project.empty() || caller.project == project;
}

Result<void> require_whole_organization(const Caller& caller)
{
    if (!caller.project.empty())
        return fail(ErrorKind::forbidden, "your token is for the project {} only", caller.project);
    return {};
}

Result<std::vector<storage::Project>> visible_projects(App& app, const Caller& caller, const std::string& name_or_empty)
{
    auto projects = TRY(app.stores.projects.list());
    std::erase_if(projects, [&](const auto& project) {
        return !may_see(caller, project.name) || (!name_or_empty.empty() && project.name != name_or_empty);
    });
    return projects;
}

Result<storage::Project> get_visible_project(App& app, const Caller& caller, const std::string& name_or_empty)
{
    auto projects = TRY(visible_projects(app, caller, name_or_empty));
    if (projects.size() == 1) return std::move(projects.front());
    if (!name_or_empty.empty())
        return std::unexpected(
            Error{ErrorKind::not_found, "no project is called " + name_or_empty, {}, "ramet project list"});
    if (projects.empty())
        return std::unexpected(
            Error{ErrorKind::not_found,
                  "there is no project yet",
                  {},
                  "ramet apply -f ramet.yaml --repo PATH, or: ramet git connect gitea --url URL --repo OWNER/NAME"});
    return std::unexpected(Error{ErrorKind::invalid, "there are several projects: say which with --project",
                                 join(names_of(projects), ", ")});
}

Result<Found> get_visible_environment(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto projects = TRY(visible_projects(app, caller, name.project));
    std::vector<Found> found;
    for (const auto& project : projects) {
        auto environment = TRY(app.stores.environments.find_by_name(project.id, name.name));
        if (environment) found.push_back({project, std::move(*environment)});
    }
    if (found.empty()) return std::unexpected(no_such_environment(name.name));
    if (found.size() > 1)
        return std::unexpected(Error{ErrorKind::invalid, "several projects have an environment " + name.name +
                                                             ": say which with --project"});
    TRY(check_precondition(name.precondition, version_of(found.front().environment), name.name));
    return std::move(found.front());
}

std::string version_of(const Environment& environment)
{
    return short_hash({environment.id.str(), std::to_string(environment.desired_generation),
                       std::to_string(environment.updated_at.time_since_epoch().count())});
}

Result<Found> get_visible_environment(App& app, const Caller& caller, const EnvironmentId& id)
{
    auto environment = TRY(app.stores.environments.find(id));
    if (!environment) return std::unexpected(no_such_environment(id.str()));
    auto project = TRY(app.stores.projects.get(environment->project));
    if (!may_see(caller, project.name)) return std::unexpected(no_such_environment(id.str()));
    return Found{std::move(project), std::move(*environment)};
}

}  // namespace ramet::app
