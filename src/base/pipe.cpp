#include "base/pipe.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace ramet {
namespace {

Result<Fd> above_standard(Fd fd)
{
    if (fd.get() > STDERR_FILENO) return fd;
    Fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!moved) return fail(ErrorKind::unavailable, "no descriptor is left for a pipe");
    return moved;
}

}  // namespace

Result<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ErrorKind::unavailable, "no pipe can be made: {}", std::strerror(errno));
    Fd read(ends[0]);
    Fd write(ends[1]);
    Pipe pipe;
    pipe.read = TRY(above_standard(std::move(read)));
    pipe.write = TRY(above_standard(std::move(write)));
    return pipe;
}

void block_pipe_signal()
{
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_only, nullptr);
}

}  // namespace ramet
