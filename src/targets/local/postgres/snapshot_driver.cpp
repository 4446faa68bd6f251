#include "targets/local/postgres/snapshot_driver.hpp"

#include "base/json.hpp"
#include "data/postgres/online_copy.hpp"
#include "data/postgres/scrub.hpp"
#include "targets/local/postgres/marked_folder.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"

#include <unistd.h>

#include <charconv>

namespace ramet::targets::postgres {
namespace {

engine::Outputs outputs_of(const data::Snapshot& snapshot)
{
    return {{"directory", snapshot.directory.string()},
            {"made_at", to_rfc3339(snapshot.made_at)},
            {"method", snapshot.method},
            {"bytes_copied", std::to_string(snapshot.bytes_copied)},
            {"size_bytes", std::to_string(snapshot.size_bytes)},
            {"schema_hash", snapshot.schema_hash},
            {"version", snapshot.version}};
}

/// The running server, as the superuser.
data::SqlAddress address_of(const Json& spec)
{
    data::SqlAddress address{.host = get_string(spec, "socket_directory")};
    const auto port = get_string(spec, "port");
    std::from_chars(port.data(), port.data() + port.size(), address.port);
    return address;
}

Result<std::string> schema_of(const Json& spec)
{
    auto inside = address_of(spec);
    inside.database = get_string(spec, "database_name");
    return data::schema_hash(inside);
}

}  // namespace

Result<engine::Observation> SnapshotDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return MarkedFolder(options_.store.snapshots(), ref).probe();
}

Result<engine::Acknowledged> SnapshotDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                                   const engine::Token&)
{
    const MarkedFolder folder(options_.store.snapshots(), ref);
    engine::Acknowledged made;
    made.identity = TRY(folder.ensure(clock_.now()));
    made.external_id = folder.path().string();
    const auto snapshot = TRY(ensure(call, ref));
    made.outputs = outputs_of(snapshot);
    return made;
}

Result<engine::Readiness> SnapshotDriver::await(const engine::Call& call, const engine::ResourceRef& ref)
{
    const auto snapshot = TRY(ensure(call, ref));
    return engine::Ready{outputs_of(snapshot)};
}

Result<data::Snapshot> SnapshotDriver::ensure(const engine::Call& call, const engine::ResourceRef& ref) const
{
    const auto folder = options_.store.snapshots() / ref.name;
    const auto found = TRY(data::find_snapshot(folder));
    if (found) return *found;
    TRY(data::remove_snapshot(folder));
    data::Snapshot snapshot{.version = get_string(ref.spec, "version")};
    snapshot.schema_hash = TRY(schema_of(ref.spec));
    // What is committed from here on may be in it or not.
    snapshot.made_at = clock_.now();
    const auto copied = TRY(data::copy_online({.server = address_of(ref.spec),
                                               .source = get_string(ref.spec, "source"),
                                               .destination = data::snapshot_data(folder),
                                               .owner = data::Owner{::geteuid(), ::getegid()},
                                               .stop = call.stop}));
    snapshot.method = to_string(copied.method);
    snapshot.bytes_copied = copied.bytes_copied;
    return data::publish_snapshot(folder, snapshot);
}

Result<void> SnapshotDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const MarkedFolder folder(options_.store.snapshots(), proof.resource);
    if (const auto path = TRY(folder.check_removal())) TRY(data::remove_snapshot(*path));
    return folder.remove();
}

Result<std::vector<engine::InventoryItem>> SnapshotDriver::inventory(const engine::Call&, const std::string& install)
{
    return list_marked_folders(options_.store.snapshots(), snapshot_kind, install);
}

}  // namespace ramet::targets::postgres
