// The calls that begin processes and connections, and those on the connections that the process began itself; what others began with
// it is the business of whoever asks it. The clock. See file_calls.cpp.
#include "failpoints/call.hpp"

#include <array>
#include <atomic>
#include <ctime>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace ramet::failpoints;

namespace {

/// Which descriptors are connections that we began.
constexpr std::size_t most_descriptors = 65'536;
std::array<std::atomic<bool>, most_descriptors> begun_here;

void note(int fd, bool is_begun_here)
{
    if (fd >= 0 && static_cast<std::size_t>(fd) < most_descriptors)
        begun_here[static_cast<std::size_t>(fd)] = is_begun_here;
}

bool is_begun_here(int fd)
{
    return fd >= 0 && static_cast<std::size_t>(fd) < most_descriptors && begun_here[static_cast<std::size_t>(fd)];
}

const char* family_of(const sockaddr* address)
{
    return address->sa_family == AF_UNIX ? "unix" : "tcp";
}

const char* family_of(int fd)
{
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size);
    return family_of(reinterpret_cast<const sockaddr*>(&own));
}

template <typename Real>
auto on_connection(std::string_view call, int fd, const Real& real) -> decltype(real())
{
    if (!is_begun_here(fd) || !is_watching(call)) return real();
    return make_call(call, family_of(fd), real);
}

/// Of those that answer with the error instead of setting errno.
template <typename Real>
int on_start(std::string_view call, const char* what, const Real& real)
{
    if (!is_watching(call)) return real();
    if (const int error = begin_call(call, what); error != 0) return error;
    const int answer = real();
    end_call(call, what);
    return answer;
}

}  // namespace

extern "C" {

int socket(int family, int type, int protocol) noexcept
{
    static auto* const hidden = find_hidden<decltype(socket)>("socket");
    const auto real = [&] { return hidden(family, type, protocol); };
    const char* const name = family == AF_UNIX ? "unix" : "tcp";
    const int fd = is_watching("socket") ? make_call("socket", name, real) : real();
    note(fd, false);
    return fd;
}

int connect(int fd, const sockaddr* address, socklen_t size)
{
    static auto* const hidden = find_hidden<decltype(connect)>("connect");
    const auto real = [&] { return hidden(fd, address, size); };
    const bool counts = address->sa_family != AF_UNSPEC && is_watching("connect");
    const int answer = counts ? make_call("connect", family_of(address), real) : real();
    note(fd, answer == 0 || errno == EINPROGRESS);
    return answer;
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags)
{
    static auto* const hidden = find_hidden<decltype(accept4)>("accept4");
    const int accepted = hidden(fd, address, size, flags);
    note(accepted, false);
    return accepted;
}

ssize_t send(int fd, const void* from, size_t size, int flags)
{
    static auto* const hidden = find_hidden<decltype(send)>("send");
    return on_connection("send", fd, [&] { return hidden(fd, from, size, flags); });
}
ssize_t sendmsg(int fd, const msghdr* message, int flags)
{
    static auto* const hidden = find_hidden<decltype(sendmsg)>("sendmsg");
    return on_connection("send", fd, [&] { return hidden(fd, message, flags); });
}
ssize_t recv(int fd, void* into, size_t size, int flags)
{
    static auto* const hidden = find_hidden<decltype(recv)>("recv");
    return on_connection("recv", fd, [&] { return hidden(fd, into, size, flags); });
}
ssize_t __recv_chk(int fd, void* into, size_t size, size_t, int flags)
{
    return recv(fd, into, size, flags);
}
ssize_t recvmsg(int fd, msghdr* message, int flags)
{
    static auto* const hidden = find_hidden<decltype(recvmsg)>("recvmsg");
    return on_connection("recv", fd, [&] { return hidden(fd, message, flags); });
}

int pipe2(int* ends, int flags) noexcept
{
    static auto* const hidden = find_hidden<decltype(pipe2)>("pipe2");
    const auto real = [&] { return hidden(ends, flags); };
    return is_watching("pipe") ? make_call("pipe", "process", real) : real();
}

int posix_spawn(pid_t* pid, const char* program, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* variables) noexcept
{
    static auto* const hidden = find_hidden<decltype(posix_spawn)>("posix_spawn");
    const std::string path(program);
    const auto name = path.substr(path.rfind('/') + 1);
    return on_start("spawn", name.c_str(),
                    [&] { return hidden(pid, program, actions, attributes, arguments, variables); });
}

int clock_gettime(clockid_t clock, timespec* time) noexcept
{
    static auto* const hidden = find_hidden<decltype(clock_gettime)>("clock_gettime");
    const int answer = hidden(clock, time);
    if (clock == CLOCK_REALTIME && answer == 0) time->tv_sec += clock_offset().count();
    return answer;
}

}  // extern "C"
