#include "simulation/walk_case.hpp"

#include <cmath>

namespace ramet::simulation {

Milliseconds random_moment(SeededRandom& random)
{
    const auto digits = static_cast<double>(random.between(0, 500)) / 100.0;
    return Milliseconds{static_cast<std::int64_t>(std::pow(10.0, digits)) - 1};
}

void choose_mild_weather(Stage& stage, std::span<const Fault> faults)
{
    for (const auto fault : faults)
        if (stage.random.once_in(2)) stage.provider.weather.chance[static_cast<std::size_t>(fault)] = 12;
}

}  // namespace ramet::simulation
