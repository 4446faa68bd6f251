#pragma once

#include "shim/forwarder.hpp"

namespace ramet::shim {

/// One client's connection and, once there is one, the replica's that answers it. Bytes are moved as they come; what one side
/// does not take yet is kept (64 KB at most) and the other side is not read meanwhile.
class Connection final : public Watcher {
public:
    using Position = std::list<std::unique_ptr<Connection>>::iterator;

    Connection(Forwarder& forwarder, Fd client);
    ~Connection() override;
    Position position{};  ///< in the forwarder's list

    void on_ready(std::uint32_t) override {}
    /// Looks for a replica when it has none, or for a better one when its own was replaced and nothing is in flight.
    void find_replica();
    const Replica* replica() const { return replica_; }
    void abort();

private:
    class Side final : public Watcher {
    public:
        explicit Side(Connection& connection) : connection_(connection) {}
        void on_ready(std::uint32_t events) override { connection_.on_side_ready(*this, events); }

        Fd fd;
        std::string pending;       ///< to be written to it
        bool has_ended = false;    ///< it will send no more
        bool is_told_end = false;  ///< it was told that no more will come
        std::uint32_t interest = 0;
        bool is_unwatched = false;

    private:
        Connection& connection_;
    };

    void on_side_ready(Side& side, std::uint32_t events);
    void on_connected();
    bool pump(Side& from, Side& to);
    bool flush(Side& side);
    void tell_end(Side& from, Side& to);
    void update_interest();
    void set_interest(Side& side, std::uint32_t wanted);
    void leave_replica();
    void close();

    Forwarder& forwarder_;
    Side client_;
    Side server_;
    HttpWatch watch_;
    Replica* replica_ = nullptr;
    bool is_connecting_ = false;
    bool is_closed_ = false;
    int attempts_ = 0;
    std::int64_t held_since_ = now_ms();
};

}  // namespace ramet::shim
