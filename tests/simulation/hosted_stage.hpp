#pragma once

#include "simulation/controller.hpp"
#include "simulation/stage.hpp"

#include <memory>
#include <vector>

namespace ramet::simulation {

/// A stage with a Git host before it: its servers hear of pull requests by webhooks, look at everything periodically, and submit
/// what the product would.
class HostedStage {
public:
    HostedStage(std::uint64_t seed, bool keeps_trace, std::int64_t most_nodes, engine::TransitionCounts& counts);
    HostedStage(const HostedStage&) = delete;
    HostedStage& operator=(const HostedStage&) = delete;

    Stage stage;
    HostChecker checker;
    GitHost host;
    PreviewRows rows;
    Project project;
    HostedWorld world;

    /// The one of the server that is up, or nothing while none is.
    Controller* controller();
    /// Until nothing more happens by itself, and once more after a look at everything: that has to be enough for whatever was
    /// missed.
    void settle();

private:
    void rest();

    std::vector<std::unique_ptr<Controller>> controllers_;
};

}  // namespace ramet::simulation
