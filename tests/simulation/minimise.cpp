#include "simulation/minimise.hpp"

#include <functional>

namespace ramet::simulation {
namespace {

bool fails(const SeedOptions& options)
{
    engine::TransitionCounts ignored;
    return !run_seed(options, ignored).violations.empty();
}

/// Takes the change over when the seed still fails with it.
bool try_smaller(SeedOptions& options, const std::function<void(SeedOptions&)>& change)
{
    auto smaller = options;
    change(smaller);
    if (!fails(smaller)) return false;
    options = std::move(smaller);
    return true;
}

bool drop_faults(SeedOptions& options)
{
    bool is_smaller = false;
    for (std::size_t index = 0; index < fault_count; ++index) {
        const auto fault = static_cast<Fault>(index);
        if (options.without.contains(fault)) continue;
        is_smaller |= try_smaller(options, [&](SeedOptions& smaller) { smaller.without.insert(fault); });
    }
    return is_smaller;
}

bool drop_acts(SeedOptions& options)
{
    bool is_smaller = false;
    for (std::int64_t act = 0; act < most_acts; ++act) {
        if (options.skipped_acts.contains(act)) continue;
        is_smaller |= try_smaller(options, [&](SeedOptions& smaller) { smaller.skipped_acts.insert(act); });
    }
    return is_smaller;
}

bool drop_nodes(SeedOptions& options)
{
    bool is_smaller = false;
    while (options.most_nodes > 1 && try_smaller(options, [](SeedOptions& smaller) { --smaller.most_nodes; }))
        is_smaller = true;
    return is_smaller;
}

}  // namespace

SeedOptions minimise(SeedOptions failing)
{
    bool is_smaller = true;
    while (is_smaller) {
        is_smaller = drop_nodes(failing);
        is_smaller |= drop_acts(failing);
        // A fault that never happens is dropped for nothing: it makes no story shorter, and no new round.
        (void)drop_faults(failing);
    }
    return failing;
}

}  // namespace ramet::simulation
