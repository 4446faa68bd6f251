#pragma once

#include "domain/ids.hpp"
#include "engine/engine.hpp"

#include <string>
#include <string_view>

namespace ramet::storage::news {

// What the servers of one store announce to each other, with the commit that it is about. News is a hint: what it says is read in
// the store, and who missed it looks there from time to time in any case.

/// Events were added.
inline constexpr std::string_view events = "events";
/// A secret has a new version.
inline constexpr std::string_view secrets = "secrets";
/// "owner ID": a run of that owner was asked for, is to be cancelled, or has another state.
inline constexpr std::string_view owner_prefix = "owner ";

/// "environment ID": its row was changed, or is gone.
inline constexpr std::string_view environment_prefix = "environment ";

inline std::string of_environment(const EnvironmentId& environment)
{
    return std::string(environment_prefix) + environment.str();
}

inline std::string of_owner(const engine::OwnerId& owner)
{
    return std::string(owner_prefix) + owner.str();
}

}  // namespace ramet::storage::news
