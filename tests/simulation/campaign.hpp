#pragma once

#include "simulation/scenario.hpp"

#include <optional>

namespace ramet::simulation {

/// What many seeds together did.
struct Totals {
    std::uint64_t seeds = 0;
    std::uint64_t events = 0;
    double seconds = 0;
    FaultCounts faults{};
    FaultCounts seeds_with_fault{};
    engine::TransitionCounts transitions{};

    void add(const SeedResult& result);
    void add(const Totals& other);
};

struct CampaignResult {
    Totals totals{};
    std::optional<std::uint64_t> failed{};        ///< the lowest seed that broke a promise
    std::optional<std::uint64_t> not_the_same{};  ///< the lowest seed whose second run differed
};

/// Runs `seeds` seeds from `first` on, on all cores; each 50th twice, and the two must be the same. `options` is for all of them.
/// Ends early when one fails.
CampaignResult run_campaign(const SeedOptions& options, std::uint64_t first, std::uint64_t seeds);

/// What the bars of a long campaign are not reached by, one line each: 200 events a seed, each transition 1,000 times in 100,000
/// seeds (and in proportion), each kind of fault in 5 % of the seeds.
std::vector<std::string> find_unreached(const Totals& totals);

/// The counts, as text for people.
std::string describe(const Totals& totals);

}  // namespace ramet::simulation
