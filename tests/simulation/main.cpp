#include "base/log.hpp"
#include "simulation/scenario.hpp"

#include <fmt/core.h>

#include <charconv>
#include <chrono>
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

struct Totals {
    std::uint64_t seeds = 0;
    std::uint64_t events = 0;
    FaultCounts faults{};
    FaultCounts seeds_with_fault{};
    engine::TransitionCounts transitions{};
};

void tell_story(SeedOptions options)
{
    options.keeps_trace = true;
    engine::TransitionCounts ignored;
    const auto result = run_seed(options, ignored);
    for (const auto& line : result.story) fmt::print("{}\n", line);
    fmt::print("\nseed {}:\n", options.seed);
    for (const auto& violation : result.violations) fmt::print("  VIOLATION {}\n", violation);
}

/// Whether the seed kept every promise.
bool add_seed(const SeedOptions& options, Totals& totals)
{
    const auto result = run_seed(options, totals.transitions);
    ++totals.seeds;
    totals.events += result.events;
    for (std::size_t fault = 0; fault < fault_count; ++fault) {
        totals.faults[fault] += result.faults[fault];
        totals.seeds_with_fault[fault] += result.faults[fault] > 0 ? 1 : 0;
    }
    return result.violations.empty();
}

bool is_repeatable(const SeedOptions& options)
{
    engine::TransitionCounts ignored;
    const auto first = run_seed(options, ignored);
    auto again = options;
    again.keeps_trace = true;
    const auto second = run_seed(again, ignored);
    return first.trace_hash == second.trace_hash && first.events == second.events;
}

void print_counts(const Totals& totals, double seconds)
{
    fmt::print("{} seeds, {} events ({:.0f} a seed) in {:.1f} s\n\ntransitions\n", totals.seeds, totals.events,
               static_cast<double>(totals.events) / static_cast<double>(totals.seeds), seconds);
    std::size_t index = 0;
    for (const auto& row : engine::step_transitions())
        fmt::print("  {:9} step {} → {} ({})\n", totals.transitions.steps[index++], to_string(row.from),
                   to_string(row.to), row.when);
    index = 0;
    for (const auto& row : engine::run_transitions())
        fmt::print("  {:9} run {} → {} ({})\n", totals.transitions.runs[index++], to_string(row.from),
                   to_string(row.to), row.when);
    fmt::print("\nfaults (times, share of the seeds)\n");
    for (std::size_t fault = 0; fault < fault_count; ++fault)
        fmt::print("  {:9} {:5.1f} % {}\n", totals.faults[fault],
                   100.0 * static_cast<double>(totals.seeds_with_fault[fault]) / static_cast<double>(totals.seeds),
                   to_string(static_cast<Fault>(fault)));
}

int simulate(std::uint64_t seeds, std::uint64_t first)
{
    const auto start = std::chrono::steady_clock::now();
    Totals totals;
    for (auto seed = first; seed < first + seeds; ++seed) {
        const SeedOptions options{.seed = seed};
        const bool is_checked_twice = seed % 50 == 0;
        if (is_checked_twice && !is_repeatable(options)) {
            fmt::print("seed {} is not the same twice\n", seed);
            return 1;
        }
        if (add_seed(options, totals)) continue;
        tell_story(options);
        return 1;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    print_counts(totals, seconds.count());
    return 0;
}

/// Every planted bug has to be caught within `seeds`.
int catch_planted(std::uint64_t seeds)
{
    int missed = 0;
    for (const auto& bug : planted_bugs()) {
        Totals totals;
        bool is_caught = false;
        for (std::uint64_t seed = 1; seed <= seeds && !is_caught; ++seed) {
            auto options = bug.options;
            options.seed = seed;
            engine::TransitionCounts ignored;
            const auto result = run_seed(options, ignored);
            is_caught = !result.violations.empty();
            if (is_caught) fmt::print("{}: caught by seed {}: {}\n", bug.name, seed, result.violations.front());
        }
        if (!is_caught) fmt::print("{}: NOT caught by {} seeds\n", bug.name, seeds);
        missed += is_caught ? 0 : 1;
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
    if (arguments.size() >= 3 && std::string_view(arguments[1]) == "--planted")
        return catch_planted(number_of(arguments[2]));
    if (arguments.size() >= 3 && std::string_view(arguments[1]) == "--story") {
        tell_story({.seed = number_of(arguments[2])});
        return 0;
    }
    if (arguments.size() < 2 || number_of(arguments[1]) == 0) {
        fmt::print(stderr, "usage: ramet_simulation SEEDS [FIRST] | --planted SEEDS | --story SEED\n");
        return 2;
    }
    return simulate(number_of(arguments[1]), arguments.size() > 2 ? number_of(arguments[2]) : 1);
}

}  // namespace
}  // namespace ramet::simulation

int main(int count, char** arguments)
{
    return ramet::simulation::run({arguments, static_cast<std::size_t>(count)});
}
