#pragma once

#include "engine/executor.hpp"
#include "fakes/memory_run_store.hpp"
#include "simulation/lease_checker.hpp"
#include "simulation/provider.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace ramet::simulation {

/// What happens to a process at a chosen place.
enum class Doom : std::uint8_t { dies, stands_still };

/// The places at which something can happen to a process: before and after each commit and each call, counted as they are passed.
class Places {
public:
    Doom doom = Doom::dies;

    /// Whether it happens here.
    bool pass()
    {
        ++passed_;
        if (kills_.empty() || passed_ != kills_.front()) return false;
        kills_.pop_front();
        passed_ = 0;
        return true;
    }
    /// Each number counts from the death before it.
    void kill_at(std::deque<std::uint64_t> kills)
    {
        kills_ = std::move(kills);
        passed_ = 0;
    }
    std::uint64_t passed() const { return passed_; }
    /// Those that were not come to.
    std::size_t kills_left() const { return kills_.size(); }

private:
    std::uint64_t passed_ = 0;
    std::deque<std::uint64_t> kills_;
};

class Process;

/// What servers that live at the same time have in common.
struct Town {
    engine::LeaseTerms terms;
    LeaseChecker checker;
    /// The others go on while one stands still.
    std::function<void(Milliseconds)> pass_time;
    /// Somebody asked for something that `by` does not do itself; `owner` is whose.
    std::function<void(const Process& by, const engine::OwnerId& owner)> tell;
    std::function<void()> expect_work;
    /// Somebody stands still in the middle of something until then; whoever does so meanwhile, no longer.
    std::optional<Milliseconds> stopped_until{};
};

/// What all processes of one seed share: the disk, the provider, the clock.
struct Universe {
    EventQueue& queue;
    SeededRandom& random;
    Trace& trace;
    Checker& checker;
    Provider& provider;
    fakes::MemoryRunStore& disk;
    Places& places;
    engine::TransitionCounts& counts;
    /// Who wants to hear of what the disk took, and of what an engine tells; nobody where there is no Git host.
    std::function<void(int process, const engine::Batch&)> on_accepted{};
    std::function<void(const Process&, const engine::Change&)> on_change{};
    /// Several servers share the store; none: one process after another.
    std::optional<Town> town{};
};

/// One server process with its engine. It can die at any moment, or be paused while another takes over and then wake up.
class Process {
public:
    enum class Life : std::uint8_t { alive, dead, replaced };
    /// The old one serves no widgets, and its driver gives one output less.
    enum class Version : std::uint8_t { old, present };

    Process(Universe& universe, int number, Version version);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    engine::Engine& engine() { return *engine_; }
    Life life() const { return life_; }
    bool is_alive() const { return life_ == Life::alive; }
    Version version() const { return version_; }
    int number() const { return number_; }
    void die(std::string_view why);
    /// Another process takes over; this one sleeps until `wakes_at` and then goes on, not knowing.
    void be_replaced(Milliseconds wakes_at);
    /// Something that this process does, unless it is dead by then.
    void schedule(Milliseconds when, std::function<void()> work);
    /// Rows on the same disk that are not the engine's. It can fail, and the process can die before and after it; one that was
    /// replaced has lost the disk's lock.
    Result<void> commit_beside(const std::function<Result<void>()>& write);

    // Of one among several servers:
    void pause(Milliseconds span);
    void jump_wall_clock(Milliseconds by);
    void lose_store(Milliseconds span);
    /// Its own work, as soon as it is awake.
    void do_soon(std::function<void()> work, Milliseconds delay = Milliseconds{0});

private:
    class WallClock;
    class Threads;
    class Disk;
    class Remote;

    /// Whether it was killed. One that only stands still does so for `pause`.
    bool dies_here(Fault fault, Milliseconds pause = Milliseconds{18'000});
    /// Runs now what this process does in an event, unless it is dead or asleep.
    void run_as_event(const std::function<void()>& work);
    /// In the middle of what it does. False when it was killed meanwhile.
    bool may_stand_still(Milliseconds longest);
    void stand_still(Milliseconds span);
    bool is_cut_off() const;

    Universe& universe_;
    int number_;
    Version version_;
    Life life_ = Life::alive;
    Milliseconds wakes_at_{0};
    bool is_inside_ = false;  ///< an event, in the middle of which it may stand still
    std::vector<std::function<void()>> held_;
    Milliseconds store_is_away_until_{0};
    std::unique_ptr<WallClock> clock_;
    std::unique_ptr<Threads> threads_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<Remote> remote_;
    engine::Drivers drivers_;
    std::unique_ptr<engine::Engine> engine_;
};

}  // namespace ramet::simulation
