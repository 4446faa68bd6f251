#pragma once

#include "engine/executor.hpp"
#include "fakes/memory_run_store.hpp"
#include "simulation/provider.hpp"

#include <deque>
#include <memory>

namespace ramet::simulation {

/// The places at which a process can die: before and after each commit and each call, counted as they are passed.
class Places {
public:
    /// Whether the process dies here.
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
    void die(std::string_view why);
    /// Another process takes over; this one sleeps until `wakes_at` and then goes on, not knowing.
    void be_replaced(Milliseconds wakes_at);

private:
    class Threads;
    class Disk;
    class Remote;

    bool dies_here(Fault fault);
    /// Runs now what this process does in an event, unless it is dead or asleep.
    void run_as_event(const std::function<void()>& work);
    void schedule(Milliseconds when, std::function<void()> work);

    Universe& universe_;
    int number_;
    Version version_;
    Life life_ = Life::alive;
    Milliseconds wakes_at_{0};
    std::unique_ptr<Threads> threads_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<Remote> remote_;
    engine::Drivers drivers_;
    std::unique_ptr<engine::Engine> engine_;
};

}  // namespace ramet::simulation
