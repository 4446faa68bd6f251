#pragma once
// Private to the proxy: includes Asio.

#include "net/deadlines.hpp"
#include "net/flat_buffer.hpp"
#include "net/route_table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ramet::net {

class UpstreamPool;

/// Who uses a connection to a service at the moment.
class UpstreamUser {
public:
    virtual void on_upstream_connected(ErrorCode error) = 0;
    virtual void on_upstream_read(ErrorCode error, std::size_t size) = 0;

protected:
    ~UpstreamUser() = default;
};

/// A connection to a service, which outlives the requests that it carries. A read is pending all the time: between two
/// requests it tells when the service closes, and then it is the read for the next response.
class UpstreamConnection final : public std::enable_shared_from_this<UpstreamConnection>, private Timed {
public:
    UpstreamConnection(UpstreamPool& pool, asio::io_context& loop, const Upstream& address);

    /// Ends in `on_upstream_connected`, perhaps before it returns.
    void connect(UpstreamUser& user);
    /// Reads on into `in`, unless a read is pending. Ends in `on_upstream_read`.
    void read();
    void close();

    bool leads_to(const Upstream& address) const { return port_ == address.port && host_ == address.host; }
    std::uint16_t port() const { return port_; }

    tcp::socket socket;
    FlatBuffer in{buffer_size};
    /// Null while it waits in the pool.
    UpstreamUser* user = nullptr;
    /// Whether it has carried a request before.
    bool reused = false;

    static constexpr std::size_t buffer_size = 16U << 10U;

private:
    friend class UpstreamPool;
    void connect_to(std::vector<tcp::endpoint> endpoints, std::size_t index);
    void connected(ErrorCode error);
    void on_deadline() override { close(); }

    UpstreamPool& pool_;
    tcp::resolver resolver_;
    std::string host_;
    std::uint16_t port_;
    bool reading_ = false;
};

/// The connections of one thread that wait for their next request.
class UpstreamPool {
public:
    UpstreamPool(asio::io_context& loop, Deadlines& deadlines, std::size_t limit, std::chrono::milliseconds timeout)
        : loop_(loop), deadlines_(deadlines), limit_(limit), timeout_(timeout)
    {
    }

    /// An idle one, or null.
    std::shared_ptr<UpstreamConnection> take(const Upstream& address);
    std::shared_ptr<UpstreamConnection> make(const Upstream& address);
    /// Keeps a connection whose response was read to the end.
    void put_back(const std::shared_ptr<UpstreamConnection>& connection);
    void close_all();

private:
    friend class UpstreamConnection;
    void forget(const UpstreamConnection& connection);

    asio::io_context& loop_;
    Deadlines& deadlines_;
    std::size_t limit_;
    std::chrono::milliseconds timeout_;
    // By port, which tells local services apart without hashing a string per request.
    std::unordered_map<std::uint16_t, std::vector<std::shared_ptr<UpstreamConnection>>> idle_;
};

}  // namespace ramet::net
