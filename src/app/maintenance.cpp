#include "app/maintenance.hpp"

#include "app/audit.hpp"
#include "app/preparation.hpp"
#include "app/preview_decision.hpp"
#include "app/previews.hpp"
#include "app/rotation.hpp"
#include "app/scoping.hpp"
#include "app/settle_decision.hpp"
#include "app/work.hpp"
#include "base/log.hpp"
#include "storage/backup.hpp"

#include <map>
#include <set>

namespace ramet::app {

namespace {

constexpr auto keep_deliveries = std::chrono::hours(24 * 30);

Result<void> look_at_pull_requests(App& app, const storage::Project& project, const std::vector<PullRequest>& open,
                                   const std::vector<Environment>& environments)
{
    const auto file = TRY(parse_file(project.file_text, project.file_name));
    if (!file.previews) return {};
    std::map<std::int64_t, const Environment*> previews;
    for (const auto& environment : environments) previews.emplace(environment.pull_request, &environment);
    const auto needs = [&](const PullRequest& pull) {
        const auto preview = previews.find(pull.number);
        // Where that cannot be said the look itself says why.
        return needs_look(app, project.id, *file.previews, pull, preview == previews.end() ? nullptr : preview->second)
            .value_or(true);
    };
    for (const auto number : pull_requests_to_look_at(open, environments, needs))
        app.work.add(pull_request_key(project.id, number));
    return {};
}

Result<void> poll_project(App& app, const storage::Project& project)
{
    const auto forge = TRY(app.forges.open(project));
    const auto open = TRY(forge->list_open_pull_requests(project.connection.repository));
    const auto environments = TRY(app.stores.environments.list(project.id));
    std::set<std::string> branches;
    for (const auto& environment : environments)
        if (environment.origin == EnvironmentOrigin::managed && !is_only_registered(environment))
            branches.insert(environment.branch);
    // Before the file is read: where that fails, a push to one of them mends it.
    for (const auto& branch : branches)
        if (!branch.empty()) app.work.add(branch_key(project.id, branch));
    return look_at_pull_requests(app, project, open, environments);
}

void poll_forges(App& app)
{
    const auto projects = app.stores.projects.list();
    if (!projects) return log::error("the projects cannot be read: {}", projects.error().message);
    for (const auto& project : *projects) {
        if (project.connection.forge.empty()) continue;
        // A forge that does not answer means "unknown", and changes nothing.
        if (const auto polled = poll_project(app, project); !polled)
            log::warning("polling {}: {}", project.name, polled.error().message);
    }
}

void end_expired(App& app)
{
    const auto expired = app.stores.environments.list_expired(app.clock.now());
    if (!expired) return log::error("the environments cannot be read: {}", expired.error().message);
    for (const auto& environment : *expired) app.work.add(expiry_key(environment.id));
}

void wake_unsettled(App& app)
{
    const auto environments = app.stores.environments.list_all();
    if (!environments) return log::error("the environments cannot be read: {}", environments.error().message);
    for (const auto& environment : *environments)
        if (is_unsettled(environment.state)) app.work.add(environment_key(environment.id));
}

void resume_deliveries(App& app)
{
    app.work.add(std::string(deliveries_key));
    (void)app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.deliveries.prune(transaction, app.clock.now() - keep_deliveries));
        return {};
    });
}

/// By kind. What was removed is not left; the engine removes all orphans or none.
std::map<std::string, int> orphans_left(const engine::SweepReport& report)
{
    std::map<std::string, int> left;
    for (const auto& finding : report.findings)
        left[finding.item.kind] += report.removed > 0 && finding.verdict == "orphan" ? 0 : 1;
    return left;
}

/// No rotation of the keys meanwhile, and none left half done: what is under an old key could not be opened once that is dropped.
Result<std::string> back_up_between_rotations(App& app, const Caller& caller)
{
    return app.work.run_exclusive(std::string(rotation_key), [&]() -> Result<std::string> {
        if (const auto finished = finish_rotation(app); !finished)
            log::warning("a backup needs two keys, as their rotation cannot be finished: {}", finished.error().message);
        // Before the copy, so that it stands in it.
        TRY(audit(app, {caller.name, "backup", {}, "the server's store", nullptr}));
        auto backup = TRY(storage::make_backup(app.database, app.keys.current_key_id(), app.clock.now()));
        return std::move(backup.archive);
    });
}

}  // namespace

void reconcile_all(App& app)
{
    if (is_rotation_unfinished(app)) app.work.add(std::string(rotation_key));
    resume_deliveries(app);
    wake_unsettled(app);
    end_expired(app);
    poll_forges(app);
    app.work.add(std::string(outbox_key));
}

Result<engine::SweepReport> sweep(App& app, const Caller& caller, bool dry_run, bool confirmed)
{
    TRY(require_whole_organization(caller));
    TRY(audit(
        app,
        {caller.name, "sweep", {}, dry_run ? "dry run" : "remove orphans", json::object{{"confirmed", confirmed}}}));
    auto report = TRY(app.engine.sweep({dry_run, confirmed}));
    app.metrics->set_orphans(orphans_left(report));
    return report;
}

Result<std::vector<AuditEntry>> list_audit(App& app, const Caller& caller, std::int64_t after, int limit)
{
    const auto records = TRY(app.stores.audit.list(after, limit, caller.project));
    std::vector<AuditEntry> entries;
    for (const auto& record : records) {
        auto detail = record.detail.empty() ? Result<Json>(Json(nullptr)) : parse_json(record.detail);
        entries.push_back(
            {record.id, record.at, record.actor, record.action, record.subject, detail ? *detail : Json(nullptr)});
    }
    return entries;
}

Result<std::int64_t> verify_audit(App& app, const Caller& caller)
{
    TRY(require_whole_organization(caller));
    return app.stores.audit.verify();
}

Result<EventPage> list_events(App& app, const Caller& caller, std::int64_t after, int limit)
{
    storage::Events::Filter filter;
    if (!caller.project.empty()) {
        const auto project = TRY(get_visible_project(app, caller, caller.project));
        filter.project = project.id;
    }
    const auto stored = TRY(app.stores.events.list(after, limit, filter));
    EventPage page{.is_complete = stored.is_complete};
    for (const auto& event : stored.events) {
        auto data = parse_json(event.data);
        EventView view{event.id, event.at, {}, {}, event.kind, data ? std::move(*data) : Json(nullptr)};
        view.environment = get_string(view.data, "name");
        view.project = event.project.str();
        page.events.push_back(std::move(view));
    }
    return page;
}

Result<std::string> back_up(App& app, const Caller& caller)
{
    TRY(require_whole_organization(caller));
    return app.work.run_exclusive("backup", [&] { return back_up_between_rotations(app, caller); });
}

}  // namespace ramet::app
