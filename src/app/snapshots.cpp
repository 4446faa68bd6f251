#include "app/snapshots.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/snapshot_ledger.hpp"
#include "app/snapshot_place.hpp"
#include "app/views.hpp"
#include "app/work.hpp"
#include "data/clone/private_bytes.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace ramet::app {

namespace {

namespace postgres = targets::postgres;

constexpr auto time_limit = std::chrono::hours(1);

/// A run beside the deployments: the row stays as it is, but for its generation.
Result<std::string> submit_beside(App& app, const Found& found, engine::Graph graph, const AuditRecord& record)
{
    auto row = found.environment;
    engine::RunRequest request;
    request.owner = owner_of(row.id);
    request.generation = ++row.desired_generation;
    request.graph = std::move(graph);
    request.timeout = time_limit;
    // Without a commit: nothing was deployed.
    request.note = json::object{
        {"project", found.project.name}, {"name", row.name}, {"by", record.actor}, {"action", record.action}};
    row.updated_at = app.clock.now();
    const auto extra = app.database.beside_run([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.environments.update(transaction, row, found.environment.desired_generation));
        return audit(app, transaction, record);
    });
    const auto run = TRY(app.engine.submit(request, extra));
    return run.str();
}

AuditRecord record_of(const Caller& caller, const Found& found, const std::string& action, const SnapshotName& name)
{
    return {caller.name, action, found.project.id, found.environment.name + "/" + name.database,
            json::object{{"snapshot", name.snapshot}}};
}

Result<postgres::SnapshotRequest> request_for(const Resources& resources, const SnapshotName& name)
{
    const auto* server = find_live(resources, "server/" + name.database);
    const auto* database = find_live(resources, "database/" + name.database);
    if (server == nullptr || database == nullptr)
        return fail(ErrorKind::conflict, "the database {} of {} is not running", name.database, name.environment.name);
    postgres::SnapshotRequest request;
    request.database = name.database;
    request.name = name.snapshot;
    request.source = output(server, "data");
    request.socket_directory = output(server, "socket_directory");
    request.port = output(server, "port");
    request.database_name = get_string(database->ref.spec, "database_name");
    if (const auto version = get_string(server->ref.spec, "version"); !version.empty()) request.version = version;
    return request;
}

Result<void> check_room(const Resources& resources, const SnapshotName& name)
{
    const auto path = postgres::snapshot_path(name.database, name.snapshot);
    if (find_live(resources, path) != nullptr)
        return fail(ErrorKind::conflict, "{} has a snapshot {} of {} already", name.environment.name, name.snapshot,
                    name.database);
    const auto prefix = postgres::snapshot_path(name.database, "");
    const auto count = std::ranges::count_if(resources, [&](const auto& resource) {
        return is_live_snapshot(resource) && resource.ref.path.starts_with(prefix);
    });
    if (static_cast<std::size_t>(count) < most_snapshots) return {};
    return std::unexpected(Error{
        ErrorKind::refused,
        fmt::format("{} of {} has {} snapshots, and there may be no more", name.database, name.environment.name, count),
        {},
        fmt::format("ramet db snapshots {}, then: ramet db snapshot-delete {} {} SNAPSHOT", name.environment.name,
                    name.environment.name, name.database)});
}

Result<const engine::ResourceView*> get_snapshot(const Resources& resources, const SnapshotName& name)
{
    const auto* found = find_live(resources, postgres::snapshot_path(name.database, name.snapshot));
    if (found != nullptr) return found;
    return std::unexpected(
        Error{ErrorKind::not_found,
              fmt::format("{} of {} has no snapshot {}", name.database, name.environment.name, name.snapshot),
              {},
              fmt::format("ramet db snapshots {} {}", name.environment.name, name.database)});
}

/// "20261123-184512": in the order of time.
std::string name_after(Time now)
{
    std::string digits;
    for (const char c : to_rfc3339(now)) {
        if (c >= '0' && c <= '9') digits += c;
        if (c == 'T') digits += '-';
    }
    return digits.substr(0, std::string_view("yyyymmdd-hhmmss").size());
}

Result<std::string> expected_method(App& app)
{
    const auto methods = TRY(data::probe_methods(data::StorePaths{app.settings.data_directory}.root()));
    return std::string(data::to_string(methods.front()));
}

SnapshotView view_of(const engine::ResourceView& resource, const engine::ResourceView* data)
{
    SnapshotView view{.name = get_string(resource.ref.spec, "snapshot"),
                      .database = get_string(resource.ref.spec, "database")};
    view.made_at = parse_rfc3339(output(&resource, "made_at")).value_or(Time{});
    view.method = output(&resource, "method");
    view.bytes_copied = numeric_output(&resource, "bytes_copied");
    view.size_bytes = numeric_output(&resource, "size_bytes");
    view.schema = output(&resource, "schema_hash");
    view.version = output(&resource, "version");
    view.is_restored = data != nullptr && get_string(data->ref.spec, "snapshot") == resource.ref.name;
    if (const auto bytes = data::measure_tree(output(&resource, "directory"))) view.private_bytes = bytes->own;
    return view;
}

bool refers_to(const ResolvedVariable& variable, const DesiredDatabase& database)
{
    return std::ranges::any_of(variable.value, [&](const Segment& segment) {
        if (const auto* output = std::get_if<OutputReference>(&segment))
            return output->resource == "database/" + database.name;
        const auto* secret = std::get_if<SecretReference>(&segment);
        return secret != nullptr && secret->id == database.password.id;
    });
}

/// Their connections are to a server that ends, and what they remember is of rows that may be gone.
std::set<std::string> services_that_use(const DesiredEnvironment& desired, const DesiredDatabase& database)
{
    std::set<std::string> names;
    for (const auto& service : desired.services)
        if (service.declared.needs.contains(database.name) ||
            std::ranges::any_of(service.env, [&](const auto& variable) { return refers_to(variable, database); }))
            names.insert(service.name);
    return names;
}

}  // namespace

Result<std::vector<SnapshotView>> list_snapshots(App& app, const Caller& caller, const SnapshotName& name)
{
    const auto place = TRY(find_place(app, caller, name));
    TRY(await_ledger(app, place.found.environment.id));
    const auto resources = TRY(app.engine.list_resources(owner_of(place.found.environment.id)));
    const auto prefix = postgres::snapshot_path(name.database, "");
    std::vector<SnapshotView> views;
    for (const auto& resource : resources)
        if (is_live_snapshot(resource) && resource.ref.path.starts_with(prefix))
            views.push_back(view_of(resource, find_live(resources, "data/" + name.database)));
    std::ranges::sort(views, [](const auto& a, const auto& b) { return b.made_at < a.made_at; });
    return views;
}

Result<SnapshotStarted> make_snapshot(App& app, const Caller& caller, const SnapshotName& asked)
{
    auto name = asked;
    if (name.snapshot.empty()) name.snapshot = name_after(app.clock.now());
    TRY(check_snapshot_name(name.snapshot));
    const auto seen = TRY(find_place(app, caller, name));
    return app.work.run_exclusive(environment_key(seen.found.environment.id), [&]() -> Result<SnapshotStarted> {
        const auto place = TRY(find_place(app, caller, name));
        const auto& environment = place.found.environment;
        TRY(check_is_calm(app, environment));
        const auto resources = TRY(app.engine.list_resources(owner_of(environment.id)));
        TRY(check_room(resources, name));
        auto graph = graph_of(resources);
        const auto request = TRY(request_for(resources, name));
        graph.nodes.push_back(postgres::snapshot_node(request));
        SnapshotStarted started;
        started.name = name.snapshot;
        started.method = TRY(expected_method(app));
        started.run = TRY(submit_beside(app, place.found, std::move(graph),
                                        record_of(caller, place.found, "database.snapshot", name)));
        return started;
    });
}

Result<std::string> remove_snapshot(App& app, const Caller& caller, const SnapshotName& name)
{
    const auto seen = TRY(find_place(app, caller, name));
    return app.work.run_exclusive(environment_key(seen.found.environment.id), [&]() -> Result<std::string> {
        const auto place = TRY(find_place(app, caller, name));
        const auto& environment = place.found.environment;
        TRY(check_is_calm(app, environment));
        const auto resources = TRY(app.engine.list_resources(owner_of(environment.id)));
        const auto* snapshot = TRY(get_snapshot(resources, name));
        auto graph = graph_of(resources);
        std::erase_if(graph.nodes, [&](const auto& node) { return node.path == snapshot->ref.path; });
        return submit_beside(app, place.found, std::move(graph),
                             record_of(caller, place.found, "database.snapshot.delete", name));
    });
}

Result<std::string> restore_snapshot(App& app, const Caller& caller, const SnapshotName& name)
{
    const auto seen = TRY(find_place(app, caller, name));
    const auto id = seen.found.environment.id;
    return app.work.run_exclusive(environment_key(id), [&]() -> Result<std::string> {
        const auto place = TRY(find_place(app, caller, name));
        TRY(check_is_calm(app, place.found.environment));
        const auto resources = TRY(app.engine.list_resources(owner_of(id)));
        const auto* snapshot = TRY(get_snapshot(resources, name));
        TRY(audit(app, record_of(caller, place.found, "database.restore", name)));
        const auto deployed = TRY(deploy_environment(app, id,
                                                     {.when = DeployOptions::When::always,
                                                      .restore = {{name.database, {name.snapshot, snapshot->ref.name}}},
                                                      .restart = services_that_use(place.desired, place.database),
                                                      .asked_by = caller.name}));
        if (deployed.outcome == Deployed::Outcome::refused) return fail(ErrorKind::refused, "{}", deployed.reason);
        return deployed.run;
    });
}

}  // namespace ramet::app
