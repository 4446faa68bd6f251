#pragma once

#include "base/file.hpp"

namespace ramet {

struct Pipe {
    Fd read;
    Fd write;
};

/// Both ends close on exec, and neither is 0, 1 or 2: a child's dup2 to those cannot overwrite one that is still needed.
/// `unavailable` when no descriptor is left.
Result<Pipe> make_pipe();

/// For a thread that writes to pipes: one whose reader is gone is an error there, and must not end the program.
void block_pipe_signal();

}  // namespace ramet
