#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace ramet {

using Milliseconds = std::chrono::milliseconds;
/// Wall time in milliseconds since 1970 UTC: what is stored and shown.
using Time = std::chrono::sys_time<Milliseconds>;

/// Injected wherever a decision depends on time, so that it can be simulated.
class Clock {
public:
    virtual ~Clock() = default;
    /// Wall time; may jump.
    virtual Time now() = 0;
    /// Never goes back; for durations and deadlines within one process.
    virtual Milliseconds monotonic() = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    Time now() override;
    Milliseconds monotonic() override;
};

/// "2026-11-23T10:00:00.000Z"
std::string to_rfc3339(Time time);
/// Reads what `to_rfc3339` writes, and what Git hosts write: without a fraction, or with an offset like "+02:00".
Result<Time> parse_rfc3339(std::string_view text);

/// "90s", "15m", "72h", "7d", "250ms" and sums ("1h30m"). Never negative.
Result<Milliseconds> parse_duration(std::string_view text);
/// The shortest exact form that `parse_duration` reads back; "0s" for zero. A negative one has a minus in front, for people.
std::string format_duration(Milliseconds duration);

}  // namespace ramet
