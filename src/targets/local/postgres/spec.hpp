#pragma once

#include "domain/ids.hpp"
#include "domain/project_file.hpp"
#include "domain/value.hpp"
#include "engine/graph.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets::postgres {

/// Whether the server may lose its last seconds: a clone can be made again, a base cannot.
enum class Durability : std::uint8_t { disposable, durable };

/// One PostgreSQL database of one environment, as `render` knows it. All that the three kinds need.
struct DatabaseSpec {
    std::string database;       ///< its name in the file; names the nodes
    EnvironmentId environment;  ///< owner of its port and user id in the table of allocations
    std::string version = "15";
    DataStrategy strategy = DataStrategy::empty;  ///< clone, seed (born empty, a job fills it) or empty; never shared
    GoldenId golden{};                            ///< for clone
    std::string snapshot{};        ///< the name of its resource; its data comes from there, whatever the strategy
    std::int64_t incarnation = 1;  ///< counted up by `reset`: a new one replaces data, not configuration
    Durability durability = Durability::disposable;
    std::string role{};           ///< the service's role
    std::string database_name{};  ///< inside the server
    SecretReference password{};   ///< of `role`
};

/// Kinds, as drivers are registered under.
inline constexpr std::string_view data_kind = "pg.data";
inline constexpr std::string_view server_kind = "pg.server";
inline constexpr std::string_view role_kind = "pg.role";

std::string data_path(std::string_view database);      ///< "data/db"
std::string server_path(std::string_view database);    ///< "server/db"
std::string database_path(std::string_view database);  ///< "database/db": what services need and refer to

/// A directory with the data. Outputs: directory, method, bytes_copied, golden, made_at.
engine::Node data_node(const DatabaseSpec& spec);
/// The running server. Outputs: host, port, socket_directory, data (the directory that it serves).
engine::Node server_node(const DatabaseSpec& spec);
/// Role and database inside it, ready for services. Outputs: host, port.
engine::Node role_node(const DatabaseSpec& spec);
/// The three, in the order of their needs. Seed jobs need `database_path()` and are rendered by the caller.
std::vector<engine::Node> database_nodes(const DatabaseSpec& spec);

}  // namespace ramet::targets::postgres
