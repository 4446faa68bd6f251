#pragma once

#include "base/json.hpp"
#include "config/yaml_tree.hpp"

namespace ramet::config {

/// The node as JSON. Plain scalars are read by the core schema of YAML 1.2 (null, booleans, numbers), all others are texts.
Json to_json(const Node& node);

}  // namespace ramet::config
