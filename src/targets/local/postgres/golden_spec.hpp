#pragma once

#include "data/golden/catalog.hpp"
#include "engine/driver.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::postgres {

inline constexpr std::string_view golden_kind = "golden.copy";

/// A copy to be made now of a database of a running base.
struct GoldenRequest {
    data::GoldenSource source;
    std::string label;  ///< tells this refresh from others of the same source; part of the node's path
    std::string version = "15";
    std::string socket_directory;  ///< outputs of the base's server node
    std::string port;
    std::string database_name;  ///< inside the server; its schema is hashed
};

/// One node of a golden run, whose owner is the project. Outputs: golden (its id in the catalogue), made_at, schema_hash.
engine::Node golden_node(const GoldenRequest& request);

/// The node of a golden that is kept, from its row in the ledger: a golden run's graph holds every golden of the project that
/// stays (`data::choose_kept`), and the engine removes the others.
engine::Node kept_golden_node(const engine::ResourceRef& ref);

/// The catalogue knows a golden by the derived name of its resource.
inline GoldenId golden_id(const engine::ResourceRef& ref)
{
    return GoldenId(ref.name);
}

}  // namespace ramet::targets::postgres
