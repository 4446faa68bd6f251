#include "app/maintenance.hpp"

#include "app/audit.hpp"
#include "app/scoping.hpp"
#include "app/work.hpp"
#include "base/log.hpp"
#include "storage/backup.hpp"

#include <map>
#include <set>

namespace ramet::app {

namespace {

constexpr auto keep_deliveries = std::chrono::hours(24 * 30);

/// Every open pull request, and every one that has a preview: a close that was missed is seen as well.
Result<void> poll_project(App& app, const storage::Project& project)
{
    const auto forge = TRY(app.forges.open(project));
    const auto open = TRY(forge->list_open_pull_requests(project.connection.repository));
    std::set<std::int64_t> numbers;
    for (const auto& pull : open) numbers.insert(pull.number);
    const auto environments = TRY(app.stores.environments.list(project.id));
    std::set<std::string> branches;
    for (const auto& environment : environments) {
        if (environment.pull_request != 0) numbers.insert(environment.pull_request);
        if (environment.origin == EnvironmentOrigin::managed && !is_only_registered(environment))
            branches.insert(environment.branch);
    }
    for (const auto number : numbers) app.work.add(pull_request_key(project.id, number));
    for (const auto& branch : branches)
        if (!branch.empty()) app.work.add(branch_key(project.id, branch));
    return {};
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
    using enum EnvironmentState;
    for (const auto& environment : *environments) {
        const auto state = environment.state;
        if (state == creating || state == updating || state == deleting || state == queued)
            app.work.add(environment_key(environment.id));
    }
}

void resume_deliveries(App& app)
{
    app.work.add(std::string(deliveries_key));
    (void)app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.deliveries.prune(transaction, app.clock.now() - keep_deliveries));
        return {};
    });
}

Result<void> require_admin_of_all(const Caller& caller)
{
    if (!caller.project.empty())
        return fail(ErrorKind::forbidden, "your token is for the project {} only", caller.project);
    return {};
}

/// By kind. What was removed is not left; the engine removes all orphans or none.
std::map<std::string, int> orphans_left(const engine::SweepReport& report)
{
    std::map<std::string, int> left;
    for (const auto& finding : report.findings)
        left[finding.item.kind] += report.removed > 0 && finding.verdict == "orphan" ? 0 : 1;
    return left;
}

}  // namespace

void reconcile_all(App& app)
{
    resume_deliveries(app);
    wake_unsettled(app);
    end_expired(app);
    poll_forges(app);
    app.work.add(std::string(outbox_key));
}

Result<engine::SweepReport> sweep(App& app, const Caller& caller, bool dry_run, bool confirmed)
{
    TRY(require_admin_of_all(caller));
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
    TRY(require_admin_of_all(caller));
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
    TRY(require_admin_of_all(caller));
    return app.work.run_exclusive("backup", [&]() -> Result<std::string> {
        // Before the copy, so that it stands in it.
        TRY(audit(app, {caller.name, "backup", {}, "the server's store", nullptr}));
        auto backup = TRY(storage::make_backup(app.database, app.keys.current_key_id(), app.clock.now()));
        return std::move(backup.archive);
    });
}

}  // namespace ramet::app
