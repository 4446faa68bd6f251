#pragma once

#include "base/error.hpp"
#include "config/keys.hpp"

namespace ramet::config {

/// Everything that concerns more than one key: names are unique, what is referred to exists and can do what is asked of it, needs have
/// no cycle. Adds an error for each finding.
void check_references(const Draft& draft, std::vector<Error>& errors);

}  // namespace ramet::config
