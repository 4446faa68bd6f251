#pragma once

#include "simulation/process.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ramet::simulation {

/// One small world: a clock, a provider, a disk, and the processes that come and go on it. The newest process is the server, or
/// several of them are at the same time.
class Stage {
public:
    Stage(std::uint64_t seed, bool keeps_trace, engine::TransitionCounts& counts);
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    EventQueue queue;
    SeededRandom random;
    Trace trace;
    Checker checker;
    FaultCounts faults{};
    Provider provider;
    fakes::MemoryRunStore disk;
    Places places{};
    Universe universe;
    std::function<void(Process&)> when_recovered{};  ///< that is when a server goes to work

    /// From here on so many servers share the store.
    void share(std::size_t servers);
    bool is_shared() const { return universe.town.has_value(); }
    /// The server; of several, any of those that live.
    Process& process();
    std::vector<Process*> living() const;
    void start_process(Process::Version version = Process::Version::present);
    /// Whoever has died, or could not recover, is replaced.
    void ensure_process(Process::Version version = Process::Version::present);
    /// Asks the server.
    void submit(engine::RunRequest request);

    /// The next event, and whether every promise still holds after it. False when nothing more is to happen.
    bool step();
    void pass_time(Milliseconds span);
    void run_until_quiet();
    /// Submits, waits until all is quiet, and violates unless the run succeeded.
    void finish(engine::RunRequest request);

    bool is_well() const { return checker.violations().empty(); }
    void say(const std::string& line) { trace.add(queue.monotonic(), line); }

private:
    void start_missing();
    void expect_work();
    void look_around();
    void tell(const Process& by, const engine::OwnerId& owner);

    std::size_t servers_ = 1;
    bool is_looking_ = false;
    int looks_left_ = 0;
    std::vector<std::unique_ptr<Process>> processes_;
    bool recovery_failed_ = false;
};

}  // namespace ramet::simulation
