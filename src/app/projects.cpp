#include "app/projects.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/preparation.hpp"
#include "app/report.hpp"
#include "app/scoping.hpp"
#include "app/work.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "domain/names.hpp"
#include "net/reachable.hpp"

#include <filesystem>

namespace ramet::app {

namespace {

constexpr std::string_view default_file = "ramet.yaml";

/// The branch whose file decides: that of the previews' base, else of the first environment that names one.
std::string trusted_branch_of(const ProjectFile& file)
{
    if (file.previews)
        if (const auto* base = file.find_environment(file.previews->base); base != nullptr && !base->branch.empty())
            return base->branch;
    for (const auto& environment : file.environments)
        if (!environment.branch.empty()) return environment.branch;
    return {};
}

/// Why an environment cannot be brought up from here, in words for people; empty when it can.
std::string why_not_served(App& app, const storage::Project& project, const ProjectFile& file,
                           const EnvironmentDeclaration& declared)
{
    if (!declared.adopted_namespace.empty()) return "namespaces of others are not adopted yet";
    if (project.target_here || declared.target.empty()) return {};
    const auto* target = file.find_target(declared.target);
    if (target == nullptr) return fmt::format("the file has no target {}", declared.target);
    const auto reachable = app.target.check_reachable(*target);
    if (reachable) return {};
    return fmt::format("its target {} is not reachable from this installation: {}", declared.target,
                       reachable.error().message);
}

Environment new_environment(App& app, const Caller& caller, const storage::Project& project,
                            const EnvironmentDeclaration& declared)
{
    Environment row;
    row.id = EnvironmentId(random_hex(app.random, 8));
    row.project = project.id;
    row.name = declared.name;
    row.origin = declared.adopted_namespace.empty() ? EnvironmentOrigin::managed : EnvironmentOrigin::adopted;
    row.is_protected = declared.is_protected || row.origin == EnvironmentOrigin::adopted;
    row.trusted_branch = declared.branch;
    row.branch = declared.branch;
    row.target = declared.target;
    row.created_by = caller.name;
    row.reason = "registered, not started";
    row.created_at = row.updated_at = app.clock.now();
    return row;
}

/// A row for each environment of the file; protection follows the file.
Result<void> ensure_rows(App& app, const Caller& caller, const storage::Project& project, const ProjectFile& file)
{
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        for (const auto& declared : file.environments) {
            auto existing = TRY(app.stores.environments.find_by_name(project.id, declared.name, &transaction));
            const auto fresh = new_environment(app, caller, project, declared);
            if (!existing) {
                TRY(app.stores.environments.insert(transaction, fresh));
                continue;
            }
            auto row = *existing;
            row.is_protected = fresh.is_protected;
            row.trusted_branch = row.branch = fresh.branch;
            row.target = fresh.target;
            TRY(app.stores.environments.update(transaction, row, existing->desired_generation));
        }
        return {};
    });
}

/// The commit that a base shall run: the head of its branch.
Result<void> take_head(App& app, const storage::Project& project, const EnvironmentId& id)
{
    auto row = TRY(app.stores.environments.get(id));
    if (project.repository_url.empty()) return {};
    const auto source = TRY(git_source(app, project));
    const auto branch = row.branch.empty() ? project.trusted_branch : row.branch;
    if (branch.empty())
        return fail(ErrorKind::invalid, "the environment {} names no branch, so there is no commit to run", row.name);
    const auto head = TRY(app.git.fetch_ref(source, "refs/heads/" + branch));
    const auto expected = row.desired_generation;
    // With the commit: else it would be told ready at a commit that is not deployed yet.
    if (row.commit != head && row.observed_generation > 0) row.state = EnvironmentState::updating;
    row.commit = head;
    row.branch = branch;
    return app.database.write(
        [&](storage::Transaction& transaction) { return app.stores.environments.update(transaction, row, expected); });
}

Result<Started::Item> bring_up(App& app, const Caller& caller, const storage::Project& project, const Environment& row)
{
    return app.work.run_exclusive(environment_key(row.id), [&]() -> Result<Started::Item> {
        TRY(take_head(app, project, row.id));
        const auto deployed =
            TRY(deploy_environment(app, row.id, {.when = DeployOptions::When::changed, .asked_by = caller.name}));
        if (deployed.outcome == Deployed::Outcome::refused)
            return fail(ErrorKind::refused, "{}: {}", row.name, deployed.reason);
        const auto now = TRY(app.stores.environments.get(row.id));
        return Started::Item{row.name, deployed.run, std::string(to_string(now.state))};
    });
}

bool is_asked_for(const std::vector<std::string>& names, const std::string& name)
{
    return names.empty() || std::ranges::find(names, name) != names.end();
}

Result<Started> bring_up_all(App& app, const Caller& caller, const storage::Project& project, const ProjectFile& file,
                             const std::vector<std::string>& names)
{
    Started started{.project = project.name};
    for (const auto& declared : file.environments) {
        if (!is_asked_for(names, declared.name)) continue;
        const auto row = TRY(app.stores.environments.find_by_name(project.id, declared.name));
        if (!row) continue;
        if (const auto why_not = why_not_served(app, project, file, declared); !why_not.empty()) {
            started.notes.push_back(declared.name + " is registered, not started: " + why_not);
            started.environments.push_back({declared.name, {}, "registered"});
            continue;
        }
        auto item = TRY(bring_up(app, caller, project, *row));
        started.environments.push_back(std::move(item));
    }
    return started;
}

Result<storage::Project> save_project(App& app, const Caller& caller, storage::Project project)
{
    const auto known = TRY(app.stores.projects.find_by_name(project.name));
    if (known)
        project.id = known->id;
    else
        project.id = ProjectId(random_hex(app.random, 8));
    project.created_at = app.clock.now();
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        if (known)
            TRY(app.stores.projects.update(transaction, project));
        else
            TRY(app.stores.projects.insert(transaction, project));
        return audit(app, transaction, {caller.name, "project.apply", project.id, project.name, nullptr});
    }));
    return project;
}

/// Before anything is stored. What does not resolve now may later; each fetch looks again.
Result<void> check_repository(const std::string& address)
{
    if (address.empty()) return {};
    TRY(check_repository_address(address));
    const auto checked = net::check_reachable(address, net::AddressPolicy::anywhere);
    if (!checked && checked.error().kind == ErrorKind::egress_denied) return std::unexpected(checked.error());
    return {};
}

std::string default_or(const std::string& given, const std::string& fallback)
{
    return given.empty() ? fallback : given;
}

// The poller's notes are no change of the project.
std::string version_of(const storage::Project& project)
{
    const auto& connection = project.connection;
    return short_hash({project.id.str(), project.repository_url, connection.forge, connection.url,
                       connection.repository.str(), connection.webhook_state, project.trusted_branch,
                       project.trusted_commit.str(), project.file_text, project.target_here ? "here" : ""});
}

ProjectView to_view(App& app, const storage::Project& project)
{
    ProjectView view{.name = project.name, .repository = project.repository_url, .forge = project.connection.forge};
    view.forge_url = project.connection.url;
    view.trusted_branch = project.trusted_branch;
    view.trusted_commit = project.trusted_commit.str();
    view.target_here = project.target_here;
    view.webhook = project.connection.webhook_state;
    view.version = version_of(project);
    if (const auto environments = app.stores.environments.list(project.id))
        for (const auto& environment : *environments) view.environments.push_back(environment.name);
    return view;
}

}  // namespace

Result<Started> apply_project(App& app, const Caller& caller, const ApplyRequest& request)
{
    const auto file = TRY(parse_file(request.file_text, request.file_name));
    if (!may_see(caller, file.project))
        return fail(ErrorKind::forbidden, "your token is for the project {} only", caller.project);
    TRY(check_repository(request.repository));
    const auto known = TRY(app.stores.projects.find_by_name(file.project));
    storage::Project project = known.value_or(storage::Project{});
    project.name = file.project;
    project.file_text = request.file_text;
    project.file_name =
        default_or(std::filesystem::path(request.file_name).filename().string(), std::string(default_file));
    project.repository_url = default_or(request.repository, project.repository_url);
    project.trusted_branch = trusted_branch_of(file);
    project.target_here = project.target_here || request.target_here;
    project = TRY(save_project(app, caller, std::move(project)));
    TRY(ensure_rows(app, caller, project, file));
    return bring_up_all(app, caller, project, file, request.environments);
}

Result<Started> take_over_trusted_file(App& app, const Caller& caller, storage::Project project,
                                       const std::string& text, const CommitSha& commit,
                                       const std::vector<std::string>& environments)
{
    const auto file = TRY(parse_file(text, project.file_name));
    if (file.project != project.name)
        return fail(ErrorKind::conflict, "the file is now of the project {}, not {}", file.project, project.name);
    project.file_text = text;
    project.trusted_commit = commit;
    project.trusted_branch = trusted_branch_of(file);
    project = TRY(save_project(app, caller, std::move(project)));
    TRY(ensure_rows(app, caller, project, file));
    return bring_up_all(app, caller, project, file, environments);
}

Result<std::vector<ProjectView>> list_projects(App& app, const Caller& caller)
{
    std::vector<ProjectView> views;
    const auto projects = TRY(visible_projects(app, caller, {}));
    for (const auto& project : projects) views.push_back(to_view(app, project));
    return views;
}

Result<ProjectView> get_project(App& app, const Caller& caller, const std::string& name)
{
    const auto project = TRY(get_visible_project(app, caller, name));
    return to_view(app, project);
}

Result<void> remove_project(App& app, const Caller& caller, const std::string& name, const Precondition& precondition)
{
    const auto project = TRY(get_visible_project(app, caller, name));
    TRY(check_precondition(precondition, version_of(project), name));
    const auto environments = TRY(app.stores.environments.list(project.id));
    for (const auto& environment : environments)
        if (environment.desired_generation > 0)
            return std::unexpected(Error{ErrorKind::conflict,
                                         name + " still has the environment " + environment.name,
                                         {},
                                         "ramet env delete " + environment.name});
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        // Rows of environments that were only registered go with it.
        for (const auto& environment : environments)
            TRY(app.stores.environments.remove(transaction, environment.id, app.clock.now()));
        TRY(audit(app, transaction, {caller.name, "project.delete", project.id, name, nullptr}));
        return app.stores.projects.remove(transaction, project.id);
    });
}

}  // namespace ramet::app
