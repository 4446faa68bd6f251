#pragma once

#include "simulation/process.hpp"

#include <set>
#include <string>
#include <vector>

namespace ramet::simulation {

constexpr std::int64_t most_acts = 15;

struct SeedOptions {
    std::uint64_t seed = 1;
    // What makes a failing seed smaller.
    std::set<Fault> without{};
    std::set<std::int64_t> skipped_acts{};
    std::int64_t most_nodes = 7;  ///< of one environment
    bool keeps_trace = false;
};

struct SeedResult {
    std::uint64_t events = 0;
    std::uint64_t trace_hash = 0;
    std::vector<std::string> violations{};
    std::vector<std::string> story{};
    FaultCounts faults{};
};

/// One life of a few owners, from the seed alone: pushes, closings, cancels, crashes, in bad weather. Then the weather clears,
/// a last push must succeed and a last destroy must leave nothing.
SeedResult run_seed(const SeedOptions& options, engine::TransitionCounts& counts);

}  // namespace ramet::simulation
