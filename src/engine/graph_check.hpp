#pragma once

#include "engine/graph.hpp"

#include <map>
#include <string>

namespace ramet::engine {

/// What an owner has already, by path: a before-delete job may need it although it is not in the job's graph.
using ExistingOutputs = std::map<std::string, Outputs>;

/// As `check_graph`; needs and references may also go to `existing`.
Result<void> check_graph(const Graph& graph, const ExistingOutputs& existing);

}  // namespace ramet::engine
