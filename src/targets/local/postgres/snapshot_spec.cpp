#include "targets/local/postgres/snapshot_spec.hpp"

namespace ramet::targets::postgres {
namespace {

const std::vector<std::string> outputs = {"directory",  "made_at",     "method", "bytes_copied",
                                          "size_bytes", "schema_hash", "version"};

}  // namespace

std::string snapshot_path(std::string_view database, std::string_view name)
{
    return fmt::format("snapshot/{}/{}", database, name);
}

engine::Node snapshot_node(const SnapshotRequest& request)
{
    json::object spec{{"database", request.database},
                      {"snapshot", request.name},
                      {"version", request.version},
                      {"source", request.source},
                      {"socket_directory", request.socket_directory},
                      {"port", request.port},
                      {"database_name", request.database_name}};
    return {.path = snapshot_path(request.database, request.name),
            .kind = std::string(snapshot_kind),
            .spec = std::move(spec),
            .outputs = outputs};
}

engine::Node kept_snapshot_node(const engine::ResourceRef& ref)
{
    return {.path = ref.path, .kind = ref.kind, .spec = ref.spec, .outputs = outputs};
}

}  // namespace ramet::targets::postgres
