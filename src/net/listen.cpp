#include "net/listen.hpp"

#include "base/text.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace ramet::net {

namespace {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Result<Addresses> resolve(const ListenAddress& address)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const auto port = std::to_string(address.port);
    const int error =
        getaddrinfo(address.address.empty() ? nullptr : address.address.c_str(), port.c_str(), &hints, &found);
    if (error != 0)
        return fail(ErrorKind::invalid, "{} {}: \"{}\" is not an address of this machine: {}", address.option,
                    to_text(address), address.address, gai_strerror(error));
    return Addresses(found, freeaddrinfo);
}

std::unexpected<Error> listen_error(const ListenAddress& address, int error)
{
    const bool taken = error == EADDRINUSE;
    const bool forbidden = error == EACCES;
    const auto kind = taken ? ErrorKind::conflict : forbidden ? ErrorKind::forbidden : ErrorKind::invalid;
    const auto* reason = taken ? "another program listens there" : std::strerror(error);
    auto failure = fail(kind, "cannot listen on {}: {}", to_text(address), reason);
    failure.error().next_step =
        fmt::format("choose another with {} ADDRESS:PORT, or {} {}:0 for any free port", address.option, address.option,
                    address.address.contains(':') ? "[" + address.address + "]" : address.address);
    return failure;
}

void enable(const Fd& socket, int level, int option)
{
    const int yes = 1;
    setsockopt(socket.get(), level, option, &yes, sizeof yes);
}

Result<Fd> bind_to(const ListenAddress& address, PortSharing sharing)
{
    const auto found = TRY(resolve(address));
    Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return listen_error(address, errno);
    // Connections of the previous process that linger in TIME_WAIT must not keep a restarted server from its port.
    enable(socket, SOL_SOCKET, SO_REUSEADDR);
    if (sharing == PortSharing::shared) enable(socket, SOL_SOCKET, SO_REUSEPORT);
    if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return listen_error(address, errno);
    return socket;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text, std::string_view option)
{
    const auto colon = text.rfind(':');
    const auto digits = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    ListenAddress address{.option = std::string(option)};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
        return fail(ErrorKind::invalid, "{} \"{}\": give it as ADDRESS:PORT, like 127.0.0.1:8080", option, text);
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.contains(':'))
        return fail(ErrorKind::invalid, "{} \"{}\": an IPv6 address goes in brackets", option, text);
    address.address = host;
    if (host.empty()) address.address = "0.0.0.0";
    return address;
}

std::string to_text(const ListenAddress& address)
{
    const bool is_v6 = address.address.contains(':');
    return is_v6 ? fmt::format("[{}]:{}", address.address, address.port)
                 : fmt::format("{}:{}", address.address, address.port);
}

Result<Fd> listen_on(const ListenAddress& address, PortSharing sharing)
{
    auto socket = TRY(bind_to(address, sharing));
    if (::listen(socket.get(), SOMAXCONN) != 0) return listen_error(address, errno);
    return socket;
}

Result<void> check_port_is_free(const ListenAddress& address)
{
    TRY(bind_to(address, PortSharing::exclusive));
    return {};
}

std::uint16_t local_port(const Fd& socket)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
    if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
    return ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

}  // namespace ramet::net
