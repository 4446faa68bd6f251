#include "simulation/stage.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::uint64_t most_events = 60'000;
constexpr LeaseTerms lease_terms{Milliseconds{9'000}, Milliseconds{4'000}};
/// How often a server asks the store whether there is something to do, and how often it does so after the last that there was.
constexpr Milliseconds look_every{2'000};
constexpr int looks_at_rest = 3;

}  // namespace

Stage::Stage(std::uint64_t seed, bool keeps_trace, TransitionCounts& counts)
    : random(seed), trace(keeps_trace), provider(queue, random, trace, checker, faults),
      universe{queue, random, trace, checker, provider, disk, places, counts}
{
}

void Stage::share(std::size_t servers)
{
    servers_ = servers;
    universe.town.emplace(
        Town{lease_terms, LeaseChecker(checker, lease_terms), [this](Milliseconds span) { pass_time(span); },
             [this](const Process& by, const OwnerId& owner) { tell(by, owner); }, [this] { expect_work(); }});
}

std::vector<Process*> Stage::living() const
{
    std::vector<Process*> living;
    for (const auto& process : processes_)
        if (process->is_alive()) living.push_back(process.get());
    return living;
}

Process& Stage::process()
{
    const auto alive = is_shared() ? living() : std::vector<Process*>{};
    return alive.empty() ? *processes_.back() : *alive[random.below(alive.size())];
}

void Stage::start_missing()
{
    const auto alive = std::ranges::count_if(processes_, [](const auto& each) { return each->is_alive(); });
    for (auto missing = static_cast<std::ptrdiff_t>(servers_) - alive; missing > 0; --missing) start_process();
}

/// For as long as there is something that is not finished, and a little longer.
void Stage::expect_work()
{
    looks_left_ = looks_at_rest;
    if (std::exchange(is_looking_, true)) return;
    queue.add(queue.monotonic() + look_every, [this] { look_around(); });
}

void Stage::look_around()
{
    is_looking_ = false;
    for (auto* each : living())
        each->do_soon([each] { each->engine().look_for_abandoned_async([](const Result<int>&) {}); });
    if (!disk.list_owners_with_unfinished_runs()->empty()) return expect_work();
    const auto left = looks_left_ - 1;
    if (left <= 0) return;
    expect_work();
    looks_left_ = left;
}

void Stage::tell(const Process& by, const OwnerId& owner)
{
    for (auto* each : living())
        if (each != &by && !provider.happens(Fault::lost_wake_up))
            each->do_soon([each, owner] { each->engine().look(owner); }, Milliseconds{random.between(0, 50)});
}

void Stage::start_process(Process::Version version)
{
    processes_.push_back(std::make_unique<Process>(universe, static_cast<int>(processes_.size()) + 1, version));
    say(fmt::format("p{} starts{}", processes_.size(), version == Process::Version::old ? ", an older version" : ""));
    auto* process = processes_.back().get();
    if (is_shared()) expect_work();
    process->engine().recover_async([this, process](const Result<int>& result) {
        if (process->is_alive() && !result) say("recovery: " + result.error().message);
        recovery_failed_ |= process->is_alive() && !result;
        if (when_recovered && process->is_alive() && result) when_recovered(*process);
    });
}

void Stage::ensure_process(Process::Version version)
{
    if (is_shared()) return start_missing();
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
