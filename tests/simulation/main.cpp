#include "base/log.hpp"
#include "simulation/campaign.hpp"
#include "simulation/minimise.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <span>

namespace ramet::simulation {
namespace {

struct Planted {
    std::string_view name;
    SeedOptions options;
};

const std::vector<Planted>& planted_bugs()
{
    using engine::Mutation;
    static const std::vector<Planted> bugs = {
        {"intent-skipped", {.mutation = Mutation::intent_skipped}},
        {"epoch-unchecked", {.ignores_epochs = true}},
        {"one-page-read", {.defect = DriverDefect::reads_one_page}},
        {"undo-acknowledged-only", {.mutation = Mutation::undo_acknowledged_only}},
        {"adopt-by-name", {.mutation = Mutation::adopt_by_name}},
        {"absent-at-once", {.mutation = Mutation::absent_at_once}},
    };
    return bugs;
}

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

/// Every planted bug has to be caught within `seeds`.
int catch_planted(std::uint64_t seeds)
{
    int missed = 0;
    for (const auto& bug : planted_bugs()) {
        auto options = bug.options;
        const auto caught = run_campaign(options, 1, seeds).failed;
        if (caught) {
            options.seed = *caught;
            engine::TransitionCounts ignored;
            fmt::print("{}: caught by seed {}: {}\n", bug.name, *caught, run_seed(options, ignored).violations.front());
        } else {
            fmt::print("{}: NOT caught by {} seeds\n", bug.name, seeds);
            ++missed;
        }
    }
    return missed == 0 ? 0 : 1;
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
    if (word(1) == "--planted" && number_of(word(2)) > 0) return catch_planted(number_of(word(2)));
    if (word(1) == "--story" && number_of(word(2)) > 0) return tell_story({.seed = number_of(word(2))}), 0;
    if (word(1) == "--bars" && number_of(word(2)) > 0) return simulate(number_of(word(2)), 1, true);
    if (const auto seeds = number_of(word(1)); seeds > 0)
        return simulate(seeds, std::max<std::uint64_t>(1, number_of(word(2))), false);
    fmt::print(stderr, "usage: ramet_simulation SEEDS [FIRST] | --bars SEEDS | --planted SEEDS | --story SEED\n");
    return 2;
}

}  // namespace
}  // namespace ramet::simulation

int main(int count, char** arguments)
{
    return ramet::simulation::run({arguments, static_cast<std::size_t>(count)});
}
