#include "targets/local/postgres/golden_spec.hpp"

namespace ramet::targets::postgres {
namespace {

const std::vector<std::string> outputs = {"golden", "made_at", "schema_hash"};

}  // namespace

engine::Node golden_node(const GoldenRequest& request)
{
    json::object spec{{"project", request.source.project.str()},      {"environment", request.source.environment},
                      {"database", request.source.database},          {"version", request.version},
                      {"socket_directory", request.socket_directory}, {"port", request.port},
                      {"database_name", request.database_name}};
    return {.path = fmt::format("golden/{}/{}/{}", request.source.environment, request.source.database, request.label),
            .kind = std::string(golden_kind),
            .spec = std::move(spec),
            .outputs = outputs};
}

engine::Node kept_golden_node(const engine::ResourceRef& ref)
{
    return {.path = ref.path, .kind = ref.kind, .spec = ref.spec, .outputs = outputs};
}

}  // namespace ramet::targets::postgres
