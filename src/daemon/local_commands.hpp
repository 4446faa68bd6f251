#pragma once

#include "cli/command.hpp"

namespace ramet::daemon {

/// The commands that need no server: up, version, config, storage.
cli::Commands local_commands();

}  // namespace ramet::daemon
