#pragma once

#include "simulation/scenario.hpp"

namespace ramet::simulation {

/// Whether the life of this seed is lived behind a Git host.
bool is_hosted(std::uint64_t seed);

/// One life of a few pull requests, from the seed alone: opened, pushed to, forced back, closed, merged, reopened, retargeted,
/// with a Git host that loses webhooks and a server that dies, in bad weather. Then the weather clears, and one look at
/// everything has to be enough for each pull request to have what it wants.
SeedResult run_hosted_seed(const SeedOptions& options, engine::TransitionCounts& counts);

}  // namespace ramet::simulation
