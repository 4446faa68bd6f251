#include "app/snapshot_ledger.hpp"

#include "app/deploy.hpp"
#include "app/views.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"

#include <algorithm>
#include <map>

namespace ramet::app {

namespace {

namespace postgres = targets::postgres;

/// The name that people gave to the snapshot with this resource, while it is there.
std::string name_of(const Resources& resources, const std::string& resource)
{
    for (const auto& known : resources)
        if (is_live_snapshot(known) && known.ref.name == resource) return get_string(known.ref.spec, "snapshot");
    return resource;
}

}  // namespace

bool is_live_snapshot(const engine::ResourceView& resource)
{
    return resource.phase == engine::Phase::live && resource.ref.kind == postgres::snapshot_kind;
}

engine::Graph graph_of(const Resources& resources)
{
    std::map<std::string, const engine::ResourceView*> newest;
    for (const auto& resource : resources) {
        if (resource.phase != engine::Phase::live) continue;
        auto& known = newest[resource.ref.path];
        if (known == nullptr || known->ref.incarnation < resource.ref.incarnation) known = &resource;
    }
    engine::Graph graph;
    for (const auto& [path, resource] : newest) {
        engine::Node node{.path = path, .kind = resource->ref.kind, .spec = resource->ref.spec};
        for (const auto& need : resource->depends_on)
            if (newest.contains(need)) node.needs.push_back(need);
        for (const auto& [output, value] : resource->ref.outputs) node.outputs.push_back(output);
        graph.nodes.push_back(std::move(node));
    }
    return graph;
}

Result<void> keep_snapshots(App& app, const EnvironmentId& id, engine::Graph& graph)
{
    for (const auto& resource : TRY(app.engine.list_resources(owner_of(id)))) {
        // What is being made is finished: its end may be a moment away.
        const bool stays = resource.phase == engine::Phase::live || resource.phase == engine::Phase::intended;
        if (stays && resource.ref.kind == postgres::snapshot_kind)
            graph.nodes.push_back(postgres::kept_snapshot_node(resource.ref));
    }
    return {};
}

Result<void> forget_failed_restores(App& app, Wanted& wanted)
{
    if (!wanted.previous) return {};
    auto& databases = wanted.previous->databases;
    if (std::ranges::all_of(databases, [](const auto& database) { return database.snapshot.resource.empty(); }))
        return {};
    const auto run = TRY(newest_run(app, wanted.environment.id));
    if (!run || !engine::is_final(run->state)) return {};
    const auto resources = TRY(app.engine.list_resources(owner_of(wanted.environment.id)));
    for (auto& database : databases) {
        const auto* data = find_live(resources, "data/" + database.name);
        if (database.snapshot.resource.empty() || data == nullptr) continue;
        const auto incarnation = get_int(data->ref.spec, "incarnation");
        if (incarnation == database.incarnation) continue;
        const auto resource = get_string(data->ref.spec, "snapshot");
        database.incarnation = incarnation;
        database.golden = GoldenId(get_string(data->ref.spec, "golden"));
        database.snapshot = resource.empty() ? DataSnapshot{} : DataSnapshot{name_of(resources, resource), resource};
    }
    return {};
}

}  // namespace ramet::app
