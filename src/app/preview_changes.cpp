#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/environment_notes.hpp"
#include "app/preparation.hpp"
#include "app/previews.hpp"
#include "app/report.hpp"
#include "app/scoping.hpp"
#include "app/views.hpp"
#include "app/work.hpp"

namespace ramet::app {

namespace {

Result<Found> get_preview(App& app, const Caller& caller, const EnvironmentName& name)
{
    auto found = TRY(get_visible_environment(app, caller, name));
    if (found.environment.origin != EnvironmentOrigin::preview)
        return fail(ErrorKind::invalid, "{} is no preview", found.environment.name);
    return found;
}

Result<std::string> deploy(App& app, const Found& found, const DeployOptions& options)
{
    const auto deployed = TRY(deploy_environment(app, found.environment.id, options));
    if (deployed.outcome == Deployed::Outcome::refused) return fail(ErrorKind::refused, "{}", deployed.reason);
    return deployed.run;
}

/// What the preview should be at now: the head of its pull request or branch; a preview of a commit stays at it.
Result<CommitSha> newest_commit(App& app, const Found& found)
{
    const auto& environment = found.environment;
    if (environment.pull_request != 0) {
        const auto forge = TRY(app.forges.open(found.project));
        const auto pull = TRY(forge->get_pull_request(found.project.connection.repository, environment.pull_request));
        return pull.head_commit;
    }
    if (environment.branch.empty()) return environment.commit;
    const auto source = TRY(git_source(app, found.project));
    return app.git.fetch_ref(source, "refs/heads/" + environment.branch);
}

Result<void> set_commit(App& app, const EnvironmentId& id, const CommitSha& commit, const CommitSha& left)
{
    auto row = TRY(app.stores.environments.get(id));
    const auto expected = row.desired_generation;
    row.commit = commit;
    row.state = row.observed_generation > 0 ? EnvironmentState::updating : EnvironmentState::creating;
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.environments.update(transaction, row, expected));
        return save_left_commit(app, transaction, id, left);
    });
}

/// The commit of the newest run that succeeded with another one than the present.
Result<CommitSha> last_good_commit(App& app, const Environment& environment)
{
    constexpr std::size_t far_enough = 100;
    const auto runs = TRY(app.engine.list_runs(owner_of(environment.id), far_enough));
    for (const auto& run : runs) {
        const CommitSha commit(get_string(run.note, "commit"));
        if (run.state == engine::RunState::succeeded && !commit.empty() && commit != environment.commit) return commit;
    }
    return fail(ErrorKind::conflict, "{} has no earlier deployment that succeeded", environment.name);
}

Result<EnvironmentView> change_row(App& app, const Found& found, const AuditRecord& record, const storage::Write& write)
{
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(write(transaction));
        TRY(post_report(app, transaction, found.environment.id));
        return audit(app, transaction, record);
    }));
    state_changed(app, found.environment);
    const auto now = TRY(app.stores.environments.get(found.environment.id));
    return view_of(app, found.project, now);
}

}  // namespace

Result<std::string> delete_preview(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_preview(app, caller, name));
    return app.work.run_exclusive(environment_key(found.environment.id), [&]() -> Result<std::string> {
        const auto now = TRY(app.stores.environments.get(found.environment.id));
        if (now.state != EnvironmentState::deleting)
            return destroy_environment(app, now.id, caller.name, Again::for_newer_commit);
        const auto run = TRY(newest_run(app, now.id));
        return run ? run->id.str() : std::string();
    });
}

Result<std::string> redeploy_preview(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_preview(app, caller, name));
    const auto commit = TRY(newest_commit(app, found));
    return app.work.run_exclusive(environment_key(found.environment.id), [&]() -> Result<std::string> {
        TRY(set_commit(app, found.environment.id, commit, {}));
        return deploy(app, found, {.when = DeployOptions::When::always, .asked_by = caller.name});
    });
}

Result<std::string> reset_preview_data(App& app, const Caller& caller, const EnvironmentName& name,
                                       const std::string& database)
{
    const auto found = TRY(get_preview(app, caller, name));
    const auto desired = TRY(load_desired(app, found.environment.id));
    const bool is_known =
        desired && std::ranges::any_of(desired->databases, [&](const auto& known) { return known.name == database; });
    if (!database.empty() && !is_known) return fail(ErrorKind::not_found, "{} has no database {}", name.name, database);
    return app.work.run_exclusive(environment_key(found.environment.id), [&] {
        return deploy(app, found,
                      {.when = DeployOptions::When::always,
                       .reset = {database.empty() ? "*" : database},
                       .asked_by = caller.name});
    });
}

Result<std::string> roll_back_preview(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_preview(app, caller, name));
    const auto commit = TRY(last_good_commit(app, found.environment));
    return app.work.run_exclusive(environment_key(found.environment.id), [&]() -> Result<std::string> {
        TRY(set_commit(app, found.environment.id, commit, found.environment.commit));
        return deploy(app, found, {.when = DeployOptions::When::always, .asked_by = caller.name});
    });
}

Result<EnvironmentView> extend_preview(App& app, const Caller& caller, const EnvironmentName& name, Milliseconds by)
{
    const auto found = TRY(get_preview(app, caller, name));
    const auto from = std::max(found.environment.expires_at.value_or(app.clock.now()), app.clock.now());
    const AuditRecord record{caller.name, "preview.extend", found.project.id, name.name,
                             json::object{{"by", format_duration(by)}}};
    return change_row(app, found, record, [&](storage::Transaction& transaction) {
        return app.stores.environments.set_expiry(transaction, found.environment.id, from + by, app.clock.now());
    });
}

Result<EnvironmentView> pin_preview(App& app, const Caller& caller, const EnvironmentName& name, bool pinned)
{
    const auto found = TRY(get_preview(app, caller, name));
    const auto pin = pinned ? storage::Environments::Pin::pinned : storage::Environments::Pin::unpinned;
    return change_row(
        app, found, {caller.name, pinned ? "preview.pin" : "preview.unpin", found.project.id, name.name, nullptr},
        [&](storage::Transaction& transaction) {
            return app.stores.environments.set_pinned(transaction, found.environment.id, pin, app.clock.now());
        });
}

Result<Json> get_receipt(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto projects = TRY(visible_projects(app, caller, name.project));
    for (const auto& project : projects) {
        const auto past = TRY(app.stores.environments.find_past(project.id, name.name));
        if (!past) continue;
        const auto receipt = TRY(app.engine.find_receipt(owner_of(*past)));
        json::array lines;
        if (receipt)
            for (const auto& line : receipt->resources)
                lines.push_back(
                    json::object{{"path", line.path}, {"kind", line.kind}, {"absent_at", to_rfc3339(line.absent_at)}});
        return Json(json::object{
            {"name", name.name}, {"resources", std::move(lines)}, {"hash", receipt ? receipt->hash : std::string()}});
    }
    return std::unexpected(Error{ErrorKind::not_found,
                                 "there is no receipt for " + name.name,
                                 {},
                                 "receipts are written when a preview is gone"});
}

}  // namespace ramet::app
