#pragma once

#include "storage/stores.hpp"

#include <string>
#include <vector>

namespace ramet::daemon {

/// The contexts of all environments that are, or were last, on a cluster: where a sweep has to look.
Result<std::vector<std::string>> list_used_clusters(storage::Stores& stores);

}  // namespace ramet::daemon
