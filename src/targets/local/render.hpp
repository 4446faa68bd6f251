#pragma once

#include "clone/desired.hpp"
#include "engine/graph.hpp"

namespace ramet::targets::local {

/// Resources of one environment on this machine. Pure: the same desired environment gives the same graph, byte for byte.
/// Errors: `refused` for what this target does not serve, with the name of the service or database.
Result<engine::Graph> render_environment(const DesiredEnvironment& desired);

/// What runs before everything is removed: the same graph with its before-delete jobs; empty when there is none.
Result<engine::Graph> render_last_jobs(const DesiredEnvironment& desired);

}  // namespace ramet::targets::local
