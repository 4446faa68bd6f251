#pragma once

#include "app/preparation.hpp"

namespace ramet::app {

/// What of a protected environment the prepared preview would still reach, as refusals; accepted exceptions become notes.
Result<std::vector<Error>> find_reaches(App& app, const Wanted& wanted, Prepared& prepared);

}  // namespace ramet::app
