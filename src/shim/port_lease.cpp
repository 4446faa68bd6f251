#include "shim/port_lease.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ramet::shim {
namespace {

constexpr unsigned first_port = 10'000;
constexpr unsigned port_count = 10'000;

sockaddr_in address_of(std::uint32_t host, int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(host);
    return address;
}

bool bind_to(const Fd& fd, std::uint32_t host, int port)
{
    const auto address = address_of(host, port);
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// A bound datagram socket on an odd loopback address: it serves nobody, but the kernel gives it to one shim only and takes it
/// back when that shim ends in whatever way.
Fd lock_number(int port)
{
    constexpr std::uint32_t lock_host = 0x7f524d54;  // 127.82.77.84
    Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (fd && !bind_to(fd, lock_host, port)) fd.reset();
    return fd;
}

bool is_free(int port)
{
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Without SO_REUSEADDR on all addresses: whoever listens on any of them is found.
    return fd && bind_to(fd, INADDR_ANY, port);
}

}  // namespace

PortLease PortLease::take()
{
    unsigned random = 0;
    // Any place to begin at will do.
    if (::getrandom(&random, sizeof random, 0) < 0) random = static_cast<unsigned>(::getpid());
    for (unsigned attempt = 0; attempt < port_count; ++attempt) {
        const int port = static_cast<int>(first_port + (random + attempt) % port_count);
        PortLease lease;
        lease.lock_ = lock_number(port);
        if (!lease.lock_ || !is_free(port)) continue;
        lease.port_ = port;
        return lease;
    }
    return {};
}

Fd listen_on(int port)
{
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    // A restarted shim may take its port again while old connections still linger.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind_to(fd, INADDR_LOOPBACK, port) && ::listen(fd.get(), 4096) == 0) return fd;
    const int number = errno;
    fd.reset();
    errno = number;
    return fd;
}

}  // namespace ramet::shim
