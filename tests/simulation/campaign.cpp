#include "simulation/campaign.hpp"

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

namespace ramet::simulation {
namespace {

/// What tells the kinds of lives apart (several servers, a Git host) divides by small numbers: this has none of them in it.
constexpr std::uint64_t repeated_every = 49;
constexpr double least_events = 200;
constexpr double least_transitions = 1'000.0 / 100'000;  ///< of each, per seed
constexpr double least_fault_share = 0.05;

bool is_repeatable(SeedOptions options, const SeedResult& first)
{
    options.keeps_trace = true;
    engine::TransitionCounts ignored;
    const auto second = run_seed(options, ignored);
    return first.trace_hash == second.trace_hash && first.events == second.events;
}

void lower(std::optional<std::uint64_t>& lowest, std::uint64_t seed)
{
    lowest = std::min(lowest.value_or(seed), seed);
}

template <typename Row, std::size_t N>
void walk(std::span<const Row> table, const std::array<std::uint64_t, N>& counts,
          const std::function<void(const Row&, std::uint64_t)>& body)
{
    std::size_t index = 0;
    for (const auto& row : table) body(row, counts[index++]);
}

/// With the kind of state machine, "step" or "run".
void visit_transitions(const engine::TransitionCounts& counts,
                       const std::function<void(std::string, std::uint64_t)>& body)
{
    walk<engine::StepTransition>(engine::step_transitions(), counts.steps, [&](const auto& row, auto count) {
        body(fmt::format("step {} → {} ({})", to_string(row.from), to_string(row.to), row.when), count);
    });
    walk<engine::RunTransition>(engine::run_transitions(), counts.runs, [&](const auto& row, auto count) {
        body(fmt::format("run {} → {} ({})", to_string(row.from), to_string(row.to), row.when), count);
    });
}

double share_of(const Totals& totals, std::size_t fault)
{
    return static_cast<double>(totals.seeds_with_fault[fault]) / static_cast<double>(totals.seeds);
}

/// The seeds of one campaign, handed out to threads in blocks.
class Campaign {
public:
    Campaign(const SeedOptions& options, std::uint64_t first, std::uint64_t seeds)
        : options_(options), next_(first), end_(first + seeds)
    {
    }

    CampaignResult run()
    {
        const auto start = std::chrono::steady_clock::now();
        {
            std::vector<std::jthread> threads(std::max(1U, std::thread::hardware_concurrency()));
            for (auto& thread : threads) thread = std::jthread([this] { work(); });
        }
        result_.totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return result_;
    }

private:
    static constexpr std::uint64_t block = 20;

    void work()
    {
        CampaignResult mine;
        while (!is_over_) {
            const auto from = next_.fetch_add(block);
            if (from >= end_) break;
            for (auto seed = from; seed < std::min(from + block, end_); ++seed) run(seed, mine);
        }
        const std::scoped_lock lock(mutex_);
        result_.totals.add(mine.totals);
        if (mine.failed) lower(result_.failed, *mine.failed);
        if (mine.not_the_same) lower(result_.not_the_same, *mine.not_the_same);
    }

    void run(std::uint64_t seed, CampaignResult& mine)
    {
        auto options = options_;
        options.seed = seed;
        const auto result = run_seed(options, mine.totals.transitions);
        mine.totals.add(result);
        if (!result.violations.empty()) lower(mine.failed, seed);
        if (seed % repeated_every == 0 && !is_repeatable(options, result)) lower(mine.not_the_same, seed);
        if (mine.failed || mine.not_the_same) is_over_ = true;
    }

    SeedOptions options_;
    std::atomic<std::uint64_t> next_;
    std::uint64_t end_;
    std::atomic<bool> is_over_ = false;
    std::mutex mutex_;
    CampaignResult result_;
};

}  // namespace

void Totals::add(const SeedResult& result)
{
    ++seeds;
    events += result.events;
    for (std::size_t fault = 0; fault < fault_count; ++fault) {
        faults[fault] += result.faults[fault];
        seeds_with_fault[fault] += result.faults[fault] > 0 ? 1 : 0;
    }
}

void Totals::add(const Totals& other)
{
    seeds += other.seeds;
    events += other.events;
    for (std::size_t fault = 0; fault < fault_count; ++fault) {
        faults[fault] += other.faults[fault];
        seeds_with_fault[fault] += other.seeds_with_fault[fault];
    }
    for (std::size_t row = 0; row < transitions.steps.size(); ++row)
        transitions.steps[row] += other.transitions.steps[row];
    for (std::size_t row = 0; row < transitions.runs.size(); ++row)
        transitions.runs[row] += other.transitions.runs[row];
}

CampaignResult run_campaign(const SeedOptions& options, std::uint64_t first, std::uint64_t seeds)
{
    return Campaign(options, first, seeds).run();
}

std::vector<std::string> find_unreached(const Totals& totals)
{
    std::vector<std::string> unreached;
    const auto seeds = static_cast<double>(totals.seeds);
    if (const auto mean = static_cast<double>(totals.events) / seeds; mean < least_events)
        unreached.push_back(fmt::format("{:.0f} events a seed; {:.0f} are wanted", mean, least_events));
    visit_transitions(totals.transitions, [&](const std::string& what, std::uint64_t count) {
        if (static_cast<double>(count) < least_transitions * seeds)
            unreached.push_back(fmt::format("{} times {}; {:.0f} are wanted", count, what, least_transitions * seeds));
    });
    for (std::size_t fault = 0; fault < fault_count; ++fault)
        if (share_of(totals, fault) < least_fault_share)
            unreached.push_back(fmt::format("{} in {:.1f} % of the seeds; {:.0f} % are wanted",
                                            to_string(static_cast<Fault>(fault)), 100 * share_of(totals, fault),
                                            100 * least_fault_share));
    return unreached;
}

std::string describe(const Totals& totals)
{
    auto text =
        fmt::format("{} seeds, {} events ({:.0f} a seed) in {:.1f} s\n\ntransitions\n", totals.seeds, totals.events,
                    static_cast<double>(totals.events) / static_cast<double>(totals.seeds), totals.seconds);
    visit_transitions(totals.transitions, [&](const std::string& what, std::uint64_t count) {
        text += fmt::format("  {:9} {}\n", count, what);
    });
    text += "\nfaults (times, share of the seeds)\n";
    for (std::size_t fault = 0; fault < fault_count; ++fault)
        text += fmt::format("  {:9} {:5.1f} % {}\n", totals.faults[fault], 100 * share_of(totals, fault),
                            to_string(static_cast<Fault>(fault)));
    return text;
}

}  // namespace ramet::simulation
