#include "app/views.hpp"

#include "app/deploy.hpp"
#include "app/drift.hpp"
#include "app/environment_notes.hpp"
#include "app/ledger.hpp"
#include "app/preparation.hpp"
#include "app/scoping.hpp"
#include "app/settle_decision.hpp"
#include "app/work.hpp"
#include "clone/hosts.hpp"

#include <charconv>

namespace ramet::app {

namespace {

std::string address_of(const engine::ResourceView* resource)
{
    const auto port = output(resource, "port");
    return port.empty() ? std::string() : output(resource, "host") + ":" + port;
}

ServiceView service_view(const DesiredService& service, const PublicAddress& outside, const Resources& resources,
                         const std::vector<targets::ServiceStatus>& statuses)
{
    ServiceView view{.name = service.name, .state = service.treatment == Treatment::shared ? "shared" : "stopped"};
    view.treatment = to_string(service.treatment);
    view.address = address_of(find_live(resources, "address/" + service.name));
    for (const auto& host : service.public_hosts) view.urls.push_back(clone::public_url(outside, host));
    for (const auto& status : statuses) {
        if (status.name != service.name) continue;
        view.state = status.state;
        view.restarts = status.restarts;
        view.replicas = status.replicas;
        view.process_ids = status.process_ids;
    }
    return view;
}

DatabaseView database_view(App& app, const DesiredDatabase& database, const Resources& resources)
{
    DatabaseView view{.name = database.name, .type = std::string(to_string(database.declared.type))};
    const auto* data = find_live(resources, "data/" + database.name);
    view.method = output(data, "method");
    const bool is_put_back = !database.snapshot.resource.empty();
    const bool is_copy = database.strategy == DataStrategy::clone || is_put_back;
    if (view.method.empty() || !is_copy) view.method = to_string(database.strategy);
    view.bytes_copied = numeric_output(data, "bytes_copied");
    view.golden = database.golden.str();
    view.address = address_of(find_live(resources, "database/" + database.name));
    view.snapshot = database.snapshot.name;
    const auto made_at = parse_rfc3339(output(data, "made_at"));
    if (is_put_back && made_at) view.age_seconds = (app.clock.now() - *made_at).count() / 1000;
    if (database.golden.empty()) return view;
    if (const auto golden = app.goldens.find(database.golden); golden && *golden)
        view.age_seconds = (app.clock.now() - (*golden)->made_at).count() / 1000;
    return view;
}

}  // namespace

PublicAddress public_address_of(const App& app, const DesiredEnvironment& desired)
{
    return clone::public_address_of(desired, {app.settings.proxy_scheme, app.settings.proxy_port});
}

Error redacted(const App& app, Error error)
{
    error.message = app.redactor.redact(error.message);
    error.evidence = app.redactor.redact(error.evidence);
    return error;
}

Result<std::optional<engine::RunView>> newest_run(App& app, const EnvironmentId& id)
{
    auto runs = TRY(app.engine.list_runs(owner_of(id), 1));
    if (runs.empty()) return std::nullopt;
    return std::move(runs.front());
}

std::string reason_of(App& app, const Environment& environment)
{
    if (!environment.reason.empty() || !is_unsettled(environment.state)) return environment.reason;
    if (const auto trouble = app.stores.database.writer().trouble())
        return "nothing can be written: " + trouble->message;
    const auto trouble = app.troubles->find(environment_key(environment.id));
    return trouble.empty() ? trouble : "it is tried again: " + trouble;
}

Result<EnvironmentView> view_of(App& app, const storage::Project& project, const Environment& environment)
{
    EnvironmentView view{.environment = environment, .project = project.name};
    view.version = version_of(environment);
    view.environment.reason = reason_of(app, environment);
    view.notes = TRY(load_notes(app, environment.id));
    if (!environment.base.empty()) {
        const auto base = TRY(app.stores.environments.find(environment.base));
        if (base) view.base = base->name;
    }
    const auto run = TRY(newest_run(app, environment.id));
    if (run) view.run = run->id.str();
    const auto desired = TRY(load_desired(app, environment.id));
    view.not_enforced = app.target.not_enforced(desired ? desired->target_type : TargetType::local);
    if (!desired) return view;
    const auto resources = TRY(app.engine.list_resources(owner_of(environment.id)));
    const auto statuses = TRY(app.inspector.inspect_services(resources));
    // A view is shown also while the target does not answer.
    view.drift = list_drift(app, resources).value_or(std::vector<std::string>{});
    for (const auto& service : desired->services) {
        view.services.push_back(service_view(service, public_address_of(app, *desired), resources, statuses));
        const auto& urls = view.services.back().urls;
        if (!urls.empty()) view.urls[service.name] = urls.front();
    }
    for (const auto& database : desired->databases) view.databases.push_back(database_view(app, database, resources));
    return view;
}

}  // namespace ramet::app
