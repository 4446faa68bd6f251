#pragma once

#include "engine/engine.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ramet::app {

// What the engine's ledger has of one environment, read by path and by output.

using Resources = std::vector<engine::ResourceView>;

/// Null when there is none.
const engine::ResourceView* find_live(const Resources& resources, const std::string& path);

/// Empty without the resource, or when it lacks the output.
std::string output(const engine::ResourceView* resource, const std::string& name);
/// 0 for what is no number.
std::int64_t numeric_output(const engine::ResourceView* resource, const std::string& name);

}  // namespace ramet::app
