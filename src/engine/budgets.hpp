#pragma once

#include "base/clock.hpp"

namespace ramet::engine {

/// What may be spent on one step before it is given up, and how long to wait in between.
struct Budgets {
    int attempts = 8;                         ///< of one changing call, transient errors only
    int undo_attempts = 30;                   ///< of one removal or restoration, before a human is asked
    Milliseconds undo_time{10 * 60'000};      ///< the same by time, from the first attempt
    Milliseconds apply_timeout{10 * 60'000};  ///< of one apply call; never beyond the run's deadline
    Milliseconds call_timeout{60'000};        ///< of every other call
    Milliseconds first_delay{100};            ///< backoff: full jitter below this, doubled each time …
    Milliseconds longest_delay{30'000};       ///< … up to this
    Milliseconds first_look{2};               ///< first wait after "not yet"
    Milliseconds longest_look{500};           ///< longest wait between two looks for an absence
};

}  // namespace ramet::engine
