#include "base/log.hpp"
#include "simulation/campaign.hpp"
#include "simulation/minimise.hpp"
#include "simulation/walks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <span>

namespace ramet::simulation {
namespace {

void tell_story(SeedOptions options)
{
    options.keeps_trace = true;
    engine::TransitionCounts ignored;
    const auto result = run_seed(options, ignored);
    for (const auto& line : result.story) fmt::print("{}\n", line);
    fmt::print("\nseed {}:\n", options.seed);
    for (const auto& violation : result.violations) fmt::print("  VIOLATION {}\n", violation);
}

/// The shortest story that is found of what went wrong.
void tell_failure(std::uint64_t seed)
{
    const auto smallest = minimise({.seed = seed});
    fmt::print("seed {}, with {} of its acts left out, {} kinds of fault switched off and at most {} nodes:\n\n", seed,
               smallest.skipped_acts.size(), smallest.without.size(), smallest.most_nodes);
    tell_story(smallest);
    fmt::print("the whole of it: ramet_simulation --story {}\n", seed);
}

int simulate(std::uint64_t seeds, std::uint64_t first, bool has_bars)
{
    const auto result = run_campaign({}, first, seeds);
    if (result.not_the_same) fmt::print("seed {} is not the same twice\n", *result.not_the_same);
    if (result.failed) tell_failure(*result.failed);
    if (result.not_the_same || result.failed) return 1;
    fmt::print("{}", describe(result.totals));
    const auto unreached = has_bars ? find_unreached(result.totals) : std::vector<std::string>{};
    for (const auto& line : unreached) fmt::print("NOT REACHED: {}\n", line);
    return unreached.empty() ? 0 : 1;
}

/// For the harness of planted defects: says only what the first seed that fails violates.
int hunt(std::uint64_t seeds)
{
    const auto failed = run_campaign({}, 1, seeds).failed;
    if (!failed) return 0;
    engine::TransitionCounts ignored;
    fmt::print("VIOLATION by seed {}: {}\n", *failed, run_seed({.seed = *failed}, ignored).violations.front());
    return 1;
}

int tell(const std::vector<WalkResult>& walks)
{
    for (const auto& walk : walks) {
        fmt::print("{:7} {}{}\n", walk.cases, walk.what, walk.cases < walk.wanted ? " (too few)" : "");
        if (!walk.violation.empty()) fmt::print("{}VIOLATION {}\n", walk.story, walk.violation);
    }
    return std::ranges::all_of(walks, &WalkResult::is_good) ? 0 : 1;
}

int walk_small_runs()
{
    return tell({walk_places(), walk_places_of_two(), walk_pauses(), walk_lost_messages(), walk_pairs(),
                 walk_closes(1'000), walk_pushes(100)});
}

int walk_hosted()
{
    return tell({walk_hosted_closes(1'000), walk_hosted_pushes(500)});
}

std::uint64_t number_of(std::string_view text)
{
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

int run(std::span<char*> arguments)
{
    log::set_level(log::Level::error);
    const auto word = [&](std::size_t index) {
        return index < arguments.size() ? std::string_view(arguments[index]) : std::string_view();
    };
    if (word(1) == "--places") return walk_small_runs();
    if (word(1) == "--git-host") return walk_hosted();
    if (word(1) == "--foreign" && number_of(word(2)) > 0) return tell({walk_foreign(number_of(word(2)))});
    if (word(1) == "--hunt" && number_of(word(2)) > 0) return hunt(number_of(word(2)));
    if (word(1) == "--story" && number_of(word(2)) > 0) return tell_story({.seed = number_of(word(2))}), 0;
    if (word(1) == "--bars" && number_of(word(2)) > 0) return simulate(number_of(word(2)), 1, true);
    if (const auto seeds = number_of(word(1)); seeds > 0)
        return simulate(seeds, std::max<std::uint64_t>(1, number_of(word(2))), false);
    fmt::print(stderr, "usage: ramet_simulation SEEDS [FIRST] | --bars SEEDS | --story SEED | --hunt SEEDS\n"
                       "       ramet_simulation --places | --git-host | --foreign HOW_MANY\n");
    return 2;
}

}  // namespace
}  // namespace ramet::simulation

int main(int count, char** arguments)
{
    return ramet::simulation::run({arguments, static_cast<std::size_t>(count)});
}
