#pragma once

#include "engine/driver.hpp"
#include "engine/graph.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::postgres {

inline constexpr std::string_view snapshot_kind = "pg.snapshot";

/// A snapshot that is to be made now of a database of a running preview.
struct SnapshotRequest {
    std::string database;  ///< its name in the file
    std::string name;      ///< what people call the snapshot
    std::string version = "15";
    std::string source;  ///< the data directory; with the two below outputs of the preview's server node
    std::string socket_directory;
    std::string port;
    std::string database_name;  ///< inside the server; its schema is hashed
};

std::string snapshot_path(std::string_view database, std::string_view name);  ///< "snapshot/db/NAME"

/// A node of the preview's own graph. It needs no other: what it was made of may be replaced, by itself too, and it stays as it was.
/// Outputs: directory, made_at, method, bytes_copied, size_bytes, schema_hash, version.
engine::Node snapshot_node(const SnapshotRequest& request);

/// The node of a snapshot that is kept, from its row in the ledger.
engine::Node kept_snapshot_node(const engine::ResourceRef& ref);

}  // namespace ramet::targets::postgres
