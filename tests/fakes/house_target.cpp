#include "fakes/house_target.hpp"

#include "clone/desired_json.hpp"
#include "targets/local/file_log.hpp"
#include "targets/local/postgres/golden_spec.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"

#include <filesystem>

namespace ramet::fakes {

namespace {

const std::vector<std::string> address = {"host", "port"};

engine::Node thing(std::string path, std::vector<std::string> needs, json::object spec)
{
    return {std::move(path), std::string(thing_kind), std::move(spec), std::move(needs), address};
}

void render_database(engine::Graph& graph, const DesiredDatabase& database)
{
    const auto& name = database.name;
    graph.nodes.push_back(thing("data/" + name, {},
                                {{"strategy", to_string(database.strategy)},
                                 {"golden", database.golden.str()},
                                 {"snapshot", database.snapshot.resource},
                                 {"incarnation", database.incarnation},
                                 {"replace", database.incarnation}}));
    graph.nodes.push_back(thing("server/" + name, {"data/" + name}, {{"version", database.declared.version}}));
    graph.nodes.push_back(thing("database/" + name, {"server/" + name}, {{"database_name", database.database_name}}));
}

/// What a new version of the service is recognised by; values as text, so that the engine reads nothing in them.
json::object spec_of(const DesiredService& service)
{
    json::object env;
    for (const auto& variable : service.env) env[variable.key] = to_text(to_json(variable.value));
    return {{"input", service.input_hash}, {"replicas", service.declared.replicas}, {"env", std::move(env)}};
}

bool is_own(const DesiredService& service)
{
    return service.treatment == Treatment::rebuilt || service.treatment == Treatment::copied;
}

}  // namespace

Result<engine::Graph> HouseTarget::render(const DesiredEnvironment& desired) const
{
    engine::Graph graph;
    std::vector<std::string> needs;
    for (const auto& database : desired.databases) {
        if (database.strategy == DataStrategy::shared) continue;
        render_database(graph, database);
        needs.push_back("database/" + database.name);
    }
    for (const auto& service : desired.services) {
        if (!is_own(service)) continue;
        graph.nodes.push_back(thing("address/" + service.name, {}, {}));
        auto own = needs;
        own.push_back("address/" + service.name);
        graph.nodes.push_back(thing("service/" + service.name, std::move(own), spec_of(service)));
    }
    return graph;
}

Result<engine::Graph> HouseTarget::render_before_delete(const DesiredEnvironment&) const
{
    return engine::Graph{};
}

Result<engine::Observation> HouseDriver::probe(const engine::Call& call, const engine::ResourceRef& ref)
{
    return objects_.probe(call, ref);
}

Result<engine::Acknowledged> HouseDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                                const engine::Token& token)
{
    auto acknowledged = TRY(objects_.apply(call, ref, token));
    acknowledged.outputs = {{"host", "127.0.0.1"}, {"port", std::to_string(port_of(ref.name))}};
    if (ref.kind == targets::postgres::snapshot_kind) acknowledged.outputs = snapshot_outputs();
    return acknowledged;
}

Result<engine::Readiness> HouseDriver::await(const engine::Call& call, const engine::ResourceRef& ref)
{
    const bool is_copied = ref.kind == targets::postgres::golden_kind || ref.kind == targets::postgres::snapshot_kind;
    if (!is_copied) return objects_.await(call, ref);
    switch (copying_.load()) {
    case Copying::takes_long: return engine::NotYet{Milliseconds{3}, "copying"};
    case Copying::fails:
        return engine::Failed{Error{ErrorKind::unavailable, "pg_basebackup ended with code 1", "no space left"}};
    case Copying::tidies_long:
    case Copying::works: break;
    }
    if (ref.kind == targets::postgres::snapshot_kind) return engine::Ready{snapshot_outputs()};
    TRY(publish(ref));
    if (copying_ == Copying::tidies_long) return engine::NotYet{Milliseconds{3}, "tidying"};
    return engine::Ready{{{"golden", ref.name}, {"made_at", to_rfc3339(clock_.now())}, {"schema_hash", "s"}}};
}

engine::Outputs HouseDriver::snapshot_outputs()
{
    return {{"directory", "/nowhere"}, {"made_at", to_rfc3339(clock_.now())},
            {"method", "reflink"},     {"bytes_copied", "0"},
            {"size_bytes", "100"},     {"schema_hash", "s"},
            {"version", "15"}};
}

Result<void> HouseDriver::publish(const engine::ResourceRef& ref)
{
    const GoldenId id(ref.name);
    const auto known = TRY(goldens_.find(id));
    if (known) return {};
    std::filesystem::create_directories(goldens_.folder(id) / "data");
    const data::GoldenSource source{ProjectId(get_string(ref.spec, "project")), get_string(ref.spec, "environment"),
                                    get_string(ref.spec, "database")};
    TRY(goldens_.publish({.id = id, .source = source, .version = "15", .schema_hash = "s", .made_at = clock_.now()}));
    return {};
}

Result<void> HouseDriver::remove(const engine::Call& call, const engine::DeletionProof& proof)
{
    if (proof.resource.kind == targets::postgres::golden_kind) TRY(goldens_.remove(GoldenId(proof.resource.name)));
    return objects_.remove(call, proof);
}

Result<std::vector<engine::InventoryItem>> HouseDriver::inventory(const engine::Call& call, const std::string& install)
{
    return objects_.inventory(call, install);
}

engine::Driver::Change HouseDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return objects_.classify_change(old_spec, new_spec);
}

int HouseDriver::port_of(const std::string& name)
{
    const std::scoped_lock lock(mutex_);
    return ports_.emplace(name, 20'000 + static_cast<int>(ports_.size())).first->second;
}

Result<std::vector<targets::ServiceStatus>>
HouseInspector::inspect_services(std::span<const engine::ResourceView> resources)
{
    constexpr std::string_view prefix = "service/";
    std::vector<targets::ServiceStatus> statuses;
    for (const auto& resource : resources)
        if (resource.phase == engine::Phase::live && resource.ref.path.starts_with(prefix))
            statuses.push_back({.name = resource.ref.path.substr(prefix.size()), .state = "healthy", .replicas = 1});
    return statuses;
}

Result<std::unique_ptr<targets::Log>> HouseInspector::open_log(std::span<const engine::ResourceView> resources,
                                                               const std::string& part,
                                                               const targets::LogRequest& request)
{
    for (const auto& resource : resources)
        if (resource.ref.path == "service/" + part)
            return std::make_unique<targets::local::FileLog>(std::vector<std::string>{"/logs/" + part}, request);
    return fail(ErrorKind::not_found, "there is no part {}", part);
}

}  // namespace ramet::fakes
