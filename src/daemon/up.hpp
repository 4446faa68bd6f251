#pragma once

#include "base/file.hpp"
#include "cli/session.hpp"

namespace ramet::daemon {

/// Starts the server, says where it is and how to sign in, and serves until SIGTERM or SIGINT. What it runs goes on without it.
/// With `-o json` it prints one line when ready: {"url":…,"proxy":…,"token":…}.
Result<int> up(cli::Session& session, const cli::Arguments& arguments);

/// --data-dir, else RAMET_DATA_DIR, else /var/lib/ramet as root, else ~/.local/share/ramet.
Path data_directory_of(const cli::Arguments& arguments);

}  // namespace ramet::daemon
