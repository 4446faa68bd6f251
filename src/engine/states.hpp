#pragma once

#include "engine/engine.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ramet::engine {

/// One allowed change of state, and when it happens.
struct StepTransition {
    StepState from;
    StepState to;
    std::string_view when;
};

struct RunTransition {
    RunState from;
    RunState to;
    std::string_view when;
};

/// Every transition there is; the machine aborts on any other, and the simulation counts these.
std::span<const StepTransition> step_transitions();
std::span<const RunTransition> run_transitions();

bool is_allowed(StepState from, StepState to);
bool is_allowed(RunState from, RunState to);

/// Nothing more happens to it, unless its run is taken back.
bool is_over(StepState state);

/// How often each transition was taken, in the order of the tables.
struct TransitionCounts {
    std::array<std::uint64_t, 64> steps{};
    std::array<std::uint64_t, 32> runs{};

    void count(StepState from, StepState to);
    void count(RunState from, RunState to);
};

}  // namespace ramet::engine
