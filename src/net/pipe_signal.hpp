#pragma once
// Private to this folder.

#include <csignal>

namespace ramet::net {

/// For the thread of a loop that writes to pipes: one whose reader is gone is an error there, and must not end the program.
inline void block_pipe_signal()
{
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, nullptr);
}

}  // namespace ramet::net
