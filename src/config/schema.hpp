#pragma once

#include "base/json.hpp"

#include <string>
#include <vector>

namespace ramet::config {

/// The JSON Schema (draft 2020-12) of ramet.yaml, written from the table of keys. schema/ramet.schema.json is this text; a test
/// compares them. What a schema cannot say (references, cycles, placeholders) only the reader checks.
Json project_file_schema();

/// All keys of the format as patterns, in its order: "services.*.build.command". A star stands for a name or a place in a list.
std::vector<std::string> all_key_patterns();

}  // namespace ramet::config
