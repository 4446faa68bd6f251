#pragma once

#include "engine/executor.hpp"
#include "fakes/memory_run_store.hpp"
#include "simulation/provider.hpp"

#include <memory>

namespace ramet::simulation {

/// What all processes of one seed share: the disk, the provider, the clock.
struct Universe {
    EventQueue& queue;
    SeededRandom& random;
    Trace& trace;
    Checker& checker;
    Provider& provider;
    fakes::MemoryRunStore& disk;
    engine::TransitionCounts& counts;
    engine::Mutation mutation = engine::Mutation::none;
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
