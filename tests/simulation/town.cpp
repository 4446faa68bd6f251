#include "simulation/town.hpp"

namespace ramet::simulation {

void share(Stage& stage)
{
    auto& weather = stage.provider.weather;
    stage.share(static_cast<std::size_t>(stage.random.between(2, 3)));
    weather.chance[static_cast<std::size_t>(Fault::paused)] = 40;
    weather.chance[static_cast<std::size_t>(Fault::lost_wake_up)] = 3;
    weather.chance[static_cast<std::size_t>(Fault::lost_commit_answer)] = 20;
}

void trouble_servers(Stage& stage)
{
    constexpr Fault troubles[] = {Fault::paused, Fault::store_away, Fault::clock_jump};
    stage.ensure_process();
    auto& server = stage.process();
    const auto choice = stage.random.below(2 * std::size(troubles));
    const Milliseconds span{stage.random.between(1, longest_trouble.count())};
    const Milliseconds jump{stage.random.between(-600'000, 600'000)};
    if (choice >= std::size(troubles) || stage.provider.weather.without.contains(troubles[choice])) return;
    ++stage.faults[static_cast<std::size_t>(troubles[choice])];
    switch (troubles[choice]) {
    case Fault::paused: return server.pause(span);
    case Fault::store_away: return server.lose_store(span);
    default: return server.jump_wall_clock(jump);
    }
}

}  // namespace ramet::simulation
