#pragma once

#include "base/file.hpp"
#include "base/subprocess.hpp"

#include <sys/types.h>

namespace ramet {

/// A program that was started by `spawn`, with the near ends of its pipes (non-blocking). Private to base/.
struct Child {
    pid_t pid = 0;
    Fd handle;  ///< a pidfd: readable once the program has ended
    Fd input;
    Fd output;
    Fd error;

    /// SIGKILL to the whole group, then waits for the leader: its exit code, or 128 + signal.
    int kill_group_and_reap() const;
};

/// Starts `command.arguments` in a process group of its own, with default signals and no descriptors but 0–2.
/// Errors: not_found (no such program or working directory), forbidden, invalid, unavailable (no memory, no descriptors).
Result<Child> spawn(const Command& command);

}  // namespace ramet
