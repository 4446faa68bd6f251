#include "net/acceptor.hpp"

#include "base/log.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace ramet::net {

namespace {

asio::ip::address address_of(const sockaddr_storage& storage)
{
    if (storage.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &storage, sizeof in);
        return asio::ip::address_v4(ntohl(in.sin_addr.s_addr));
    }
    sockaddr_in6 in6{};
    std::memcpy(&in6, &storage, sizeof in6);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    const asio::ip::address_v6 address(bytes);
    if (address.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address);
    return address;
}

}  // namespace

Acceptor::Acceptor(asio::io_context& loop, Fd listening, OnAccept on_accept)
    : listening_(loop, listening.release()), pause_(loop), on_accept_(std::move(on_accept))
{
}

void Acceptor::close()
{
    ErrorCode ignored;
    listening_.close(ignored);
    pause_.cancel();
}

void Acceptor::wait()
{
    listening_.async_wait(asio::posix::stream_descriptor::wait_read, [this](ErrorCode error) {
        if (!error) accept_all();
    });
}

void Acceptor::accept_all()
{
    while (listening_.is_open()) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        Fd socket(::accept4(listening_.native_handle(), reinterpret_cast<sockaddr*>(&storage), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            const int yes = 1;
            setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            on_accept_({std::move(socket), address_of(storage)});
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return wait();
        log::warning("cannot accept a connection: {}; trying again in 100 ms", std::strerror(errno));
        return pause();
    }
}

void Acceptor::pause()
{
    // Out of descriptors or memory: the connection stays in the kernel's queue, and asking at once would spin.
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](ErrorCode error) {
        if (!error && listening_.is_open()) accept_all();
    });
}

tcp::socket adopt(asio::io_context& loop, Fd socket, bool is_v6)
{
    return {loop, is_v6 ? tcp::v6() : tcp::v4(), socket.release()};
}

}  // namespace ramet::net
