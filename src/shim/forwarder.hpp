#pragma once

#include "shim/http_watch.hpp"
#include "shim/supervisor.hpp"

#include <list>
#include <memory>
#include <string>

namespace ramet::shim {

class Connection;

/// The stable port: accepts connections and leads each to a replica of the version that serves. One that finds no replica is
/// held for a while, because one is often about to come.
class Forwarder final : public Watcher {
public:
    Forwarder(Loop& loop, Supervisor& supervisor, Fd listener);
    ~Forwarder() override;

    void on_ready(std::uint32_t events) override;
    /// Leads held connections on, and idle ones of a replaced version over to the new one.
    void on_backends_changed();
    void on_replica_removed(Replica& replica);

private:
    friend class Connection;
    void forget(Connection& connection);
    void accept_some();
    /// Held connections are looked at again soon, also when nothing happens.
    void look_again();

    Loop& loop_;
    Supervisor& supervisor_;
    Fd listener_;
    std::list<std::unique_ptr<Connection>> connections_;
    Timer accept_again_;
    Timer look_again_;
};

}  // namespace ramet::shim
