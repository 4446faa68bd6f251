#include "shim/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ramet::shim {
namespace {

/// How long a connection is held while no replica can take it.
constexpr std::int64_t hold_ms = 15'000;

void send_at_once(const Fd& fd)
{
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// The other side shall see that it was cut, not that it was ended in order.
void reset_on_close(const Fd& fd)
{
    const linger at_once{1, 0};
    if (fd) ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

Connection::Connection(Forwarder& forwarder, Fd client) : forwarder_(forwarder), client_(*this), server_(*this)
{
    client_.fd = std::move(client);
    send_at_once(client_.fd);
    forwarder_.loop_.add(client_.fd.get(), 0, client_);
}

Connection::~Connection()
{
    leave_replica();
    if (client_.fd) forwarder_.loop_.remove(client_.fd.get());
}

void Connection::find_replica()
{
    if (is_closed_) return;
    const bool may_move = replica_ != nullptr && replica_->retired && watch_.is_idle() && server_.pending.empty() &&
                          client_.pending.empty() && !client_.has_ended;
    if (replica_ != nullptr && !may_move) return;
    auto* next = forwarder_.supervisor_.pick();
    if (next == nullptr && replica_ != nullptr) return;
    leave_replica();
    if (next == nullptr) {
        const bool is_hopeless = !forwarder_.supervisor_.may_come() || now_ms() - held_since_ > hold_ms;
        if (is_hopeless) return abort();
        forwarder_.look_again();
        return update_interest();
    }
    server_.fd = connect_to_port(next->port());
    if (!server_.fd) return abort();
    replica_ = next;
    ++next->connections;
    is_connecting_ = true;
    server_.has_ended = server_.is_told_end = server_.is_unwatched = false;
    server_.interest = EPOLLOUT;
    forwarder_.loop_.add(server_.fd.get(), EPOLLOUT, server_);
    update_interest();
}

void Connection::leave_replica()
{
    if (server_.fd) forwarder_.loop_.remove(server_.fd.get());
    server_.fd.reset();
    is_connecting_ = false;
    if (replica_ != nullptr && --replica_->connections == 0 && replica_->retired) forwarder_.supervisor_.on_drained();
    replica_ = nullptr;
}

void Connection::on_side_ready(Side& side, std::uint32_t events)
{
    if (is_closed_ || !side.fd) return;
    if (&side == &server_ && is_connecting_) return on_connected();
    auto& other = &side == &client_ ? server_ : client_;
    if ((events & EPOLLOUT) != 0 && !flush(side)) return abort();
    if ((events & EPOLLERR) != 0 && !side.has_ended) return abort();
    const bool may_read = !side.has_ended && other.fd && !is_connecting_ && other.pending.empty();
    if ((events & (EPOLLIN | EPOLLHUP)) != 0 && may_read && !pump(side, other)) return abort();
    if (!other.fd && (events & (EPOLLHUP | EPOLLERR)) != 0) return close();
    if (client_.has_ended && server_.has_ended && client_.pending.empty() && server_.pending.empty()) return close();
    if (replica_ != nullptr && replica_->retired) find_replica();
    if (!is_closed_) update_interest();
}

void Connection::on_connected()
{
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(server_.fd.get(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number == 0) {
        is_connecting_ = false;
        send_at_once(server_.fd);
        return update_interest();
    }
    // It has just ended; another one may take it, and if none does it is held until there is news.
    leave_replica();
    if (++attempts_ < 3) return find_replica();
    attempts_ = 0;
    forwarder_.look_again();
    update_interest();
}

/// False when the connection is broken.
bool Connection::pump(Side& from, Side& to)
{
    // One buffer for all: the loop has one thread.
    static char buffer[64U << 10U];
    const auto count = ::recv(from.fd.get(), buffer, sizeof buffer, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) {
        from.has_ended = true;
        tell_end(from, to);
        return true;
    }
    const std::string_view bytes(buffer, static_cast<std::size_t>(count));
    if (&from == &client_)
        watch_.feed_request(bytes);
    else
        watch_.feed_response(bytes);
    const auto sent = std::max<ssize_t>(::send(to.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), -1);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    to.pending = bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    return true;
}

bool Connection::flush(Side& side)
{
    if (side.pending.empty()) return true;
    const auto sent = ::send(side.fd.get(), side.pending.data(), side.pending.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    side.pending.erase(0, static_cast<std::size_t>(sent));
    if (!side.pending.empty()) return true;
    side.pending = {};
    tell_end(&side == &client_ ? server_ : client_, side);
    return true;
}

void Connection::tell_end(Side& from, Side& to)
{
    if (!from.has_ended || to.is_told_end || !to.pending.empty() || !to.fd) return;
    ::shutdown(to.fd.get(), SHUT_WR);
    to.is_told_end = true;
}

void Connection::update_interest()
{
    const auto wanted = [this](const Side& side, const Side& other) {
        std::uint32_t events = side.pending.empty() ? 0U : EPOLLOUT;
        if (!side.has_ended && other.fd && !is_connecting_ && other.pending.empty()) events |= EPOLLIN;
        return events;
    };
    set_interest(client_, wanted(client_, server_));
    if (server_.fd) set_interest(server_, is_connecting_ ? EPOLLOUT : wanted(server_, client_));
}

void Connection::set_interest(Side& side, std::uint32_t wanted)
{
    if (side.interest == wanted) return;
    // A hang-up is always reported; whoever cannot read it away yet must not look, or the loop would spin.
    const bool must_look_away = wanted == 0 && replica_ != nullptr && !is_connecting_;
    if (must_look_away)
        forwarder_.loop_.remove(side.fd.get());
    else if (side.is_unwatched)
        forwarder_.loop_.add(side.fd.get(), wanted, side);
    else
        forwarder_.loop_.change(side.fd.get(), wanted, side);
    side.is_unwatched = must_look_away;
    side.interest = wanted;
}

void Connection::abort()
{
    reset_on_close(client_.fd);
    reset_on_close(server_.fd);
    close();
}

void Connection::close()
{
    if (is_closed_) return;
    is_closed_ = true;
    leave_replica();
    forwarder_.loop_.remove(client_.fd.get());
    client_.fd.reset();
    forwarder_.forget(*this);
}

}  // namespace ramet::shim
