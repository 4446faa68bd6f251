#pragma once

#include "base/clock.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace ramet::app {

/// Which keys are asked for and from when on, and which are being worked on: one at a time, and a key that is asked for while it
/// waits is asked for once. One that is asked for while it is worked on waits for its next turn, so that nothing which happened
/// in between is missed. All times are on the monotonic clock. Not thread-safe: `WorkQueue` is, and the simulation has one
/// thread.
class DueKeys {
public:
    /// Not before `due`; an earlier time for the same key wins. Whether something is due earlier than before: only then is there
    /// a reason to wake anybody.
    bool add(const std::string& key, Milliseconds due);
    /// Soon, but not within `spacing` of the last time that it was asked for in this way. While such requests go on, the gap
    /// between two turns doubles, up to ten times `spacing`. Answers as `add` does.
    bool add_spaced(const std::string& key, Milliseconds spacing, Milliseconds now);

    struct Next {
        std::optional<std::string> key{};  ///< that is due now and runs from here on
        std::optional<Milliseconds> at{};  ///< none is due: when one will be, unless all that wait are running
    };
    /// Begins what is due.
    Next take(Milliseconds now);
    /// Begins `key`, due or not; false when it is running.
    bool begin(const std::string& key) { return running_.insert(key).second; }
    void end(const std::string& key) { running_.erase(key); }

    struct Load {
        std::size_t due = 0;
        Milliseconds lag{0};  ///< since the one that waits longest is due
    };
    Load load(Milliseconds now) const;

private:
    struct Spaced {
        Milliseconds last;  ///< given; it may lie ahead
        Milliseconds gap;
    };

    Milliseconds next_spaced(const std::string& key, Milliseconds spacing, Milliseconds now);

    std::map<std::string, Milliseconds> waiting_;  ///< key → due
    std::map<std::string, Spaced> spaced_;         ///< key → what add_spaced gave it
    std::set<std::string> running_;
};

}  // namespace ramet::app
