#include "shim/forwarder.hpp"

#include "shim/connection.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace ramet::shim {

Forwarder::Forwarder(Loop& loop, Supervisor& supervisor, Fd listener)
    : loop_(loop), supervisor_(supervisor), listener_(std::move(listener)),
      accept_again_(loop, [this] { loop_.change(listener_.get(), EPOLLIN, *this); }),
      look_again_(loop, [this] { on_backends_changed(); })
{
    loop_.add(listener_.get(), EPOLLIN, *this);
}

Forwarder::~Forwarder() = default;

void Forwarder::on_ready(std::uint32_t)
{
    accept_some();
}

void Forwarder::accept_some()
{
    for (int accepted = 0; accepted < 64; ++accepted) {
        Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!client && is_starved()) {
            // Out of descriptors: those that end give some back.
            loop_.change(listener_.get(), 0, *this);
            return accept_again_.set(100);
        }
        if (!client) return;
        connections_.push_back(std::make_unique<Connection>(*this, std::move(client)));
        auto& connection = *connections_.back();
        connection.position = std::prev(connections_.end());
        connection.find_replica();
    }
}

void Forwarder::look_again()
{
    if (!look_again_.is_set()) look_again_.set(1'000);
}

void Forwarder::on_backends_changed()
{
    for (auto at = connections_.begin(); at != connections_.end();) {
        auto& connection = **at;
        ++at;  // It may be forgotten by what follows.
        connection.find_replica();
    }
}

void Forwarder::on_replica_removed(Replica& replica)
{
    for (auto at = connections_.begin(); at != connections_.end();) {
        auto& connection = **at;
        ++at;
        if (connection.replica() == &replica) connection.abort();
    }
}

void Forwarder::forget(Connection& connection)
{
    auto owned = std::move(*connection.position);
    connections_.erase(connection.position);
    loop_.dispose(std::move(owned));
}

}  // namespace ramet::shim
