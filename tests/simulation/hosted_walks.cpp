#include "simulation/hosted_stage.hpp"
#include "simulation/walk_case.hpp"

#include <fmt/core.h>

#include <functional>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::int64_t nodes = 5;

void try_case(WalkResult& walk, std::uint64_t seed, const std::string& name,
              const std::function<void(HostedStage&)>& body)
{
    TransitionCounts ignored;
    try_in_world(walk, name, [&](bool keeps_trace) { return HostedStage(seed, keeps_trace, nodes, ignored); }, body);
}

constexpr Fault mild_faults[] = {
    Fault::lost_request, Fault::lost_answer,         Fault::late_request, Fault::duplicate,    Fault::server_error,
    Fault::stale_read,   Fault::slow_ready,          Fault::slow_removal, Fault::late_webhook, Fault::doubled_webhook,
    Fault::host_error,   Fault::hidden_for_a_moment, Fault::stale_answer, Fault::failed_fetch};

void check(HostedStage& hosted)
{
    hosted.stage.provider.heal();
    hosted.settle();
    if (!hosted.stage.is_well()) return;
    for (const auto number : hosted.checker.check_settled(hosted.rows.states()))
        hosted.stage.checker.violate(fmt::format("the newest run of #{} failed", number));
}

void close_during_create(HostedStage& hosted)
{
    auto& stage = hosted.stage;
    stage.provider.weather.horizon = Milliseconds{2'000};
    choose_mild_weather(stage, mild_faults);
    stage.start_process();
    const auto number = hosted.host.open("main", false);
    stage.pass_time(random_moment(stage.random));
    const auto how = stage.random.once_in(2) ? PullRequestState::closed : PullRequestState::merged;
    hosted.host.set_state(number, how);
    check(hosted);
    if (stage.is_well() && !stage.provider.truth().empty())
        stage.checker.violate("something is left: " + stage.provider.truth().front().name);
}

void push_often(HostedStage& hosted)
{
    constexpr int pushes = 20;
    constexpr Milliseconds span{10'000};
    auto& stage = hosted.stage;
    stage.start_process();
    const auto last = Project::path_of(hosted.project.size() - 1);
    stage.provider.ready_after[last] = Milliseconds{stage.random.between(10'000, 30'000)};
    const auto number = hosted.host.open("main", false);
    for (int push = 1; push < pushes; ++push) {
        stage.pass_time(Milliseconds{stage.random.between(0, 2 * span.count() / pushes)});
        hosted.host.push(number);
    }
    check(hosted);
    if (const auto applied = hosted.checker.applied(number); applied > 2)
        stage.checker.violate(fmt::format("{} of {} pushes were applied", applied, pushes));
}

/// A run that goes nowhere, or that fails and takes back what it did, and then a push that mends it.
void mend(HostedStage& hosted)
{
    // A webhook, a look, a fetch and the longest that a call under way takes here, which nothing interrupts.
    constexpr Milliseconds soon{2'000 + 200 + 3'000 + 3'000 + 5'000};
    auto& stage = hosted.stage;
    stage.start_process();
    const auto path = Project::path_of(stage.random.below(hosted.project.size()));
    if (stage.random.once_in(2))
        stage.provider.broken_paths.insert(path);
    else
        stage.provider.ready_after[path] = Milliseconds{100'000'000};
    const auto number = hosted.host.open("main", false);
    stage.pass_time(random_moment(stage.random));
    stage.provider.heal();
    stage.provider.ready_after.clear();
    const auto pushed_at = stage.queue.monotonic();
    hosted.host.push(number);
    const auto& head = hosted.host.get(number).head_commit;
    while (!hosted.checker.begun_at(number, head) && stage.queue.monotonic() - pushed_at <= soon && stage.step()) {}
    if (!hosted.checker.begun_at(number, head))
        stage.checker.violate(fmt::format("the push that mends it had not begun after {} ms", soon.count()));
    check(hosted);
}

}  // namespace

WalkResult walk_hosted_closes(std::uint64_t closes)
{
    WalkResult walk{.what = "closings during create, heard from a Git host", .wanted = closes};
    for (std::uint64_t seed = 1; seed <= closes; ++seed)
        try_case(walk, seed, fmt::format("a Git host tells of a close, seed {}", seed), close_during_create);
    return walk;
}

WalkResult walk_hosted_pushes(std::uint64_t times)
{
    WalkResult walk{.what = "quick pushes, and pushes that mend, heard from a Git host", .wanted = 2 * times};
    for (std::uint64_t seed = 1; seed <= times; ++seed) {
        try_case(walk, seed, fmt::format("a Git host tells of twenty pushes, seed {}", seed), push_often);
        try_case(walk, seed, fmt::format("a Git host tells of a push that mends, seed {}", seed), mend);
    }
    return walk;
}

}  // namespace ramet::simulation
