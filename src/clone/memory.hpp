#pragma once

#include "clone/desired.hpp"

#include <cstdint>

namespace ramet::clone {

/// What a service is counted with when it does not say: 256Mi.
constexpr std::int64_t memory_when_unsaid = 256LL << 20;

/// Memory that an environment counts with towards `limits.memory`: all replicas of the services that run in it. Zero while it sleeps.
std::int64_t memory_of(const DesiredEnvironment& environment);

}  // namespace ramet::clone
