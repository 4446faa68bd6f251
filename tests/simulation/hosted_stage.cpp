#include "simulation/hosted_stage.hpp"

#include <fmt/core.h>

namespace ramet::simulation {

HostedStage::HostedStage(std::uint64_t seed, bool keeps_trace, std::int64_t most_nodes,
                         engine::TransitionCounts& counts)
    : stage(seed, keeps_trace, counts), checker(stage.checker),
      host(stage.queue, stage.random, stage.trace, stage.provider, checker), project(seed, most_nodes),
      world{stage.queue, stage.random, stage.disk, stage.provider, host, checker, rows, project, stage.trace}
{
    stage.universe.on_accepted = [this](int process, const engine::Batch& batch) {
        checker.on_accepted(stage.queue.monotonic(), process, batch);
    };
    stage.universe.on_change = [this](const Process& process, const engine::Change& change) {
        if (auto* up = controller(); up && up->is_of(process)) up->follow(change);
    };
    stage.when_recovered = [this](Process& process) {
        controllers_.push_back(std::make_unique<Controller>(world, process));
    };
    host.deliver = [this](const Webhook& webhook) {
        if (auto* up = controller()) up->receive(webhook);
    };
}

Controller* HostedStage::controller()
{
    if (controllers_.empty() || !stage.process().is_alive()) return nullptr;
    auto* newest = controllers_.back().get();
    return newest->is_of(stage.process()) ? newest : nullptr;
}

void HostedStage::rest()
{
    do stage.run_until_quiet();
    while (stage.is_well() && !stage.process().is_alive() && (stage.ensure_process(), true));
}

void HostedStage::settle()
{
    world.looks_by_itself = false;
    stage.ensure_process();
    rest();
    if (auto* up = controller()) {
        stage.say("a last look at everything");
        up->look_at_everything();
    }
    rest();
    world.looks_by_itself = true;
}

}  // namespace ramet::simulation
