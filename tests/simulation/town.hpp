#pragma once

#include "simulation/stage.hpp"

namespace ramet::simulation {

/// How long one of several servers may be in trouble: three times as long as its lease lasts.
constexpr Milliseconds longest_trouble{27'000};

/// Two or three servers at once, and bad weather between them.
void share(Stage& stage);
/// Now and then one of them stands still, loses the store, or has its clock set.
void trouble_servers(Stage& stage);

}  // namespace ramet::simulation
