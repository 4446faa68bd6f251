#pragma once

#include "simulation/scenario.hpp"

namespace ramet::simulation {

/// The same seed with fewer faults and acts, as long as it still breaks a promise: what is left tells the shortest story that
/// was found. It is a search, not a proof: without one act the rest may go another way.
SeedOptions minimise(SeedOptions failing);

}  // namespace ramet::simulation
