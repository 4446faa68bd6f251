#pragma once

#include "simulation/stage.hpp"
#include "simulation/walks.hpp"

#include <span>
#include <string>

namespace ramet::simulation {

/// Runs a case in a world of its own, and once more with its story when it fails. `make(keeps_trace)` gives the world, whose `stage`
/// is looked at.
template <typename MakeWorld, typename Body>
void try_in_world(WalkResult& walk, const std::string& name, const MakeWorld& make, const Body& body)
{
    if (!walk.violation.empty()) return;
    ++walk.cases;
    auto world = make(false);
    body(world);
    if (world.stage.is_well()) return;
    walk.violation = name + ": " + world.stage.checker.violations().front();
    auto again = make(true);
    body(again);
    for (const auto& line : again.stage.trace.lines()) walk.story += line + "\n";
}

/// From at once to long after all is made, each order of magnitude as often as the next.
Milliseconds random_moment(SeededRandom& random);

/// About half of these faults happen, now and then.
void choose_mild_weather(Stage& stage, std::span<const Fault> faults);

}  // namespace ramet::simulation
