#pragma once

#include "base/error.hpp"
#include "domain/project_file.hpp"

namespace ramet::config {

/// Applies `from`: copies build, image, env and resources of a service, nothing else; what is said beside it wins, variable by
/// variable. A service that does not exist and a cycle are errors.
void apply_from(ProjectFile& file, std::vector<Error>& errors);

/// "a → b → a" when following `next` from `start` comes back to a name seen before; else empty.
std::string find_chain_cycle(const std::map<std::string, std::string>& next, const std::string& start);

}  // namespace ramet::config
