#include "simulation/stage.hpp"

#include <fmt/core.h>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::uint64_t most_events = 60'000;

}  // namespace

Stage::Stage(std::uint64_t seed, bool keeps_trace, TransitionCounts& counts)
    : random(seed), trace(keeps_trace), provider(queue, random, trace, checker, faults),
      universe{queue, random, trace, checker, provider, disk, places, counts}
{
}

void Stage::start_process(Process::Version version)
{
    processes_.push_back(std::make_unique<Process>(universe, static_cast<int>(processes_.size()) + 1, version));
    say(fmt::format("p{} starts{}", processes_.size(), version == Process::Version::old ? ", an older version" : ""));
    auto* process = processes_.back().get();
    process->engine().recover_async([this, process](const Result<int>& result) {
        if (process->is_alive() && !result) say("recovery: " + result.error().message);
        recovery_failed_ |= process->is_alive() && !result;
    });
}

void Stage::ensure_process(Process::Version version)
{
    if (!process().is_alive()) start_process(version);
    // A store that failed during recovery: the daemon would end and be started again.
    if (std::exchange(recovery_failed_, false)) {
        process().die("because it could not recover");
        start_process(version);
    }
}

void Stage::submit(RunRequest request)
{
    say(fmt::format("{} wants {} as {}{}", request.owner.str(), to_string(request.kind), request.id.str(),
                    request.probe_all ? ", looking at all" : ""));
    auto* to = &process();
    to->engine().submit_async(std::move(request), {}, [this, to](const Result<EngineRunId>& result) {
        if (to->is_alive() && !result) say("not accepted: " + result.error().message);
    });
}

bool Stage::step()
{
    if (!is_well() || queue.count() > most_events) return false;
    if (!queue.run_next()) return false;
    checker.on_truth(provider.truth());
    if (!provider.strangers_are_untouched()) checker.violate("a stranger's object was changed");
    return true;
}

void Stage::pass_time(Milliseconds span)
{
    bool is_over = false;
    queue.add(queue.monotonic() + span, [&is_over] { is_over = true; });
    while (!is_over && step()) {}
}

void Stage::run_until_quiet()
{
    while (step()) ensure_process();
    if (queue.count() > most_events) checker.violate("it does not come to rest");
}

void Stage::finish(RunRequest request)
{
    if (!is_well()) return;
    const auto run = request.id;
    const auto owner = request.owner;
    submit(std::move(request));
    run_until_quiet();
    if (!is_well()) return;
    const auto* status = checker.find_status(run);
    if (!status)
        checker.violate("the last request was lost: " + run.str());
    else if (status->state != RunState::succeeded)
        checker.violate(fmt::format("the last {} of {} ended as {}: {}", run.str(), owner.str(),
                                    to_string(status->state), status->error ? status->error->message : ""));
}

}  // namespace ramet::simulation
