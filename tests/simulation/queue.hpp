#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ramet::simulation {

/// Small, fast and the same everywhere: splitmix64.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override;

    /// True once in `times`.
    bool once_in(std::uint64_t times) { return times > 0 && below(times) == 0; }
    std::int64_t between(std::int64_t low, std::int64_t high)
    {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
    }

private:
    std::uint64_t state_;
};

/// What happened, as lines that read as a story. Always hashed, so that two runs of a seed can be compared; kept on demand.
class Trace {
public:
    explicit Trace(bool keeps) : keeps_(keeps) {}
    void add(Milliseconds at, std::string_view line);
    std::uint64_t hash() const { return hash_; }
    const std::vector<std::string>& lines() const { return lines_; }

private:
    bool keeps_;
    std::uint64_t hash_ = 14695981039346656037ULL;
    std::vector<std::string> lines_;
};

/// Time and everything that is to happen. One event at a time, in the order of time, then of arrival.
class EventQueue final : public Clock {
public:
    using Work = std::function<void()>;

    Time now() override { return Time{Milliseconds{1'750'000'000'000}} + steady_ + wall_offset_; }
    Milliseconds monotonic() override { return steady_; }
    void jump_wall_clock(Milliseconds by) { wall_offset_ += by; }

    void add(Milliseconds when, Work work);
    /// Takes the next event; false when there is none.
    bool run_next();
    bool is_empty() const { return events_.empty(); }
    std::uint64_t count() const { return count_; }

private:
    using Key = std::pair<Milliseconds, std::uint64_t>;

    std::map<Key, Work> events_;
    std::uint64_t arrivals_ = 0;
    std::uint64_t count_ = 0;
    Milliseconds steady_{1000};
    Milliseconds wall_offset_{0};
};

}  // namespace ramet::simulation
