#pragma once

#include "app/preparation.hpp"

#include <string>

namespace ramet::app {

/// Bases and what exists already do not.
bool needs_room(const Environment& environment);

/// Why a new preview cannot come in now ("10 of 10 previews are active"), or empty. Updates of what exists, and bases, are never
/// held back. Who is held back stands in the queue afterwards, first come first served.
Result<std::string> check_admission(App& app, const Wanted& wanted, const Prepared& prepared);

/// Wakes what waits for room, the first first.
void admit_waiting(App& app);

}  // namespace ramet::app
