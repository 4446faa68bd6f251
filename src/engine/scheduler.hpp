#pragma once

#include "base/clock.hpp"

#include <functional>

namespace ramet::engine {

/// When and where the engine's work runs: threads in production, one seeded queue in simulation. No work may throw.
class Scheduler {
public:
    using Work = std::function<void()>;

    virtual ~Scheduler() = default;

    /// Runs `work`, which may block, on a worker; then `done`, which does not.
    virtual void call(Work work, Work done) = 0;
    /// Runs `work` when the monotonic clock has reached `when`. It is not on time to the millisecond and cannot be taken back.
    virtual void at(Milliseconds when, Work work) = 0;
    /// Runs `work` in the one serial lane in which everything is written to the store, in the order of these calls.
    virtual void write(Work work) = 0;
    /// Drops timers and returns when all other work has ended. Afterwards nothing runs any more.
    virtual void stop() = 0;
};

}  // namespace ramet::engine
