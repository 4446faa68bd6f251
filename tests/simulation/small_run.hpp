#pragma once

#include "simulation/stage.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::simulation {

/// One environment of four things in a diamond, in fair weather: small enough to be disturbed at every place that it passes.
class SmallWorld {
public:
    SmallWorld(std::uint64_t seed, bool keeps_trace, engine::TransitionCounts& counts, std::size_t servers = 1)
        : stage(seed, keeps_trace, counts)
    {
        stage.provider.weather.horizon = Milliseconds{2'000};
        if (servers > 1) stage.share(servers);
        stage.start_process();
        stage.ensure_process();
    }

    Stage stage;
    const engine::OwnerId owner{"env"};

    /// `version` is changed in place, `shape` makes something new instead.
    engine::RunRequest apply(int version, int shape = 1);
    engine::RunRequest destroy();
    /// A last push succeeds and a last destroy leaves nothing, whatever happened before.
    void end_well();

private:
    engine::RunRequest request(engine::RunKind kind);

    int runs_ = 0;
};

/// Something that is asked of an environment, and how it has to end when nothing but crashes and lost messages disturb it.
struct Operation {
    std::string_view name;
    std::function<void(SmallWorld&)> prepare;
    std::function<std::vector<engine::RunRequest>(SmallWorld&)> requests;
    engine::RunState end = engine::RunState::succeeded;  ///< of the last request
    std::function<void(SmallWorld&)> work{};             ///< in place of requests
};

const std::vector<Operation>& operations();

/// Asks for all that the operation wants, and again for what a dying server did not accept; then checks the end.
void carry_out(const Operation& operation, SmallWorld& world);

}  // namespace ramet::simulation
