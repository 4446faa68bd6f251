#pragma once

#include "base/id.hpp"

namespace ramet {

using ProjectId = Id<struct ProjectIdTag>;          ///< opaque, made once at registration
using EnvironmentId = Id<struct EnvironmentIdTag>;  ///< opaque; also the engine's owner id of that environment
using RunId = Id<struct RunIdTag>;
using GoldenId = Id<struct GoldenIdTag>;
using CommitSha = Id<struct CommitShaTag>;  ///< 40 or 64 lower-case hexadecimal digits

}  // namespace ramet
