#include "targets/local/postgres/spec.hpp"

#include "targets/values.hpp"

namespace ramet::targets::postgres {
namespace {

Json output_of(std::string_view path, std::string_view output)
{
    return json::object{{"$out", json::array{path, output}}};
}

std::string_view durability_word(Durability durability)
{
    return durability == Durability::durable ? "durable" : "disposable";
}

}  // namespace

std::string data_path(std::string_view database)
{
    return fmt::format("data/{}", database);
}

std::string server_path(std::string_view database)
{
    return fmt::format("server/{}", database);
}

std::string database_path(std::string_view database)
{
    return fmt::format("database/{}", database);
}

engine::Node data_node(const DatabaseSpec& spec)
{
    json::object data{{"database", spec.database},      {"environment", spec.environment.str()},
                      {"version", spec.version},        {"strategy", to_string(spec.strategy)},
                      {"golden", spec.golden.str()},    {"durability", durability_word(spec.durability)},
                      {"incarnation", spec.incarnation}};
    if (!spec.snapshot.empty()) data["snapshot"] = spec.snapshot;
    return {.path = data_path(spec.database),
            .kind = std::string(data_kind),
            .spec = std::move(data),
            .outputs = {"directory", "method", "bytes_copied", "golden", "made_at"}};
}

engine::Node server_node(const DatabaseSpec& spec)
{
    const auto data = data_path(spec.database);
    json::object server{{"database", spec.database},
                        {"environment", spec.environment.str()},
                        {"version", spec.version},
                        {"durability", durability_word(spec.durability)},
                        {"data", output_of(data, "directory")}};
    return {.path = server_path(spec.database),
            .kind = std::string(server_kind),
            .spec = std::move(server),
            .needs = {data},
            .outputs = {"host", "port", "socket_directory", "data"}};
}

engine::Node role_node(const DatabaseSpec& spec)
{
    const auto server = server_path(spec.database);
    // `data` makes a reset (another directory) a change of this node too, so that roles are set up in the new copy.
    json::object role{
        {"database", spec.database},           {"host", output_of(server, "host")},
        {"port", output_of(server, "port")},   {"socket_directory", output_of(server, "socket_directory")},
        {"data", output_of(server, "data")},   {"role", spec.role},
        {"database_name", spec.database_name}, {"password", note_secret(spec.password)}};
    return {.path = database_path(spec.database),
            .kind = std::string(role_kind),
            .spec = std::move(role),
            .needs = {server},
            .outputs = {"host", "port"}};
}

std::vector<engine::Node> database_nodes(const DatabaseSpec& spec)
{
    return {data_node(spec), server_node(spec), role_node(spec)};
}

}  // namespace ramet::targets::postgres
