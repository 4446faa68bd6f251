#include "net/upstream.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace ramet::net {

UpstreamConnection::UpstreamConnection(UpstreamPool& pool, asio::io_context& loop, const Upstream& address)
    : socket(loop), pool_(pool), resolver_(loop), host_(address.host), port_(address.port)
{
}

void UpstreamConnection::connect(UpstreamUser& the_user)
{
    user = &the_user;
    ErrorCode not_an_address;
    const auto address = asio::ip::make_address(host_, not_an_address);
    if (!not_an_address) return connect_to({tcp::endpoint(address, port_)}, 0);
    resolver_.async_resolve(host_, std::to_string(port_), tcp::resolver::numeric_service,
                            [self = shared_from_this()](ErrorCode error, const tcp::resolver::results_type& found) {
                                if (!self->user) return;
                                if (error) return self->connected(error);
                                std::vector<tcp::endpoint> endpoints;
                                for (const auto& entry : found) endpoints.push_back(entry.endpoint());
                                self->connect_to(std::move(endpoints), 0);
                            });
}

void UpstreamConnection::connect_to(std::vector<tcp::endpoint> endpoints, std::size_t index)
{
    const auto endpoint = endpoints[index];
    // Made here and not by Asio, so that it is never inheritable.
    const int fd = ::socket(endpoint.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return connected(ErrorCode(errno, boost::system::system_category()));
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ErrorCode ignored;
    socket.close(ignored);
    socket.assign(endpoint.protocol(), fd);
    socket.async_connect(endpoint,
                         [self = shared_from_this(), endpoints = std::move(endpoints), index](ErrorCode error) mutable {
                             if (!self->user) return;
                             const bool more = error && index + 1 < endpoints.size();
                             if (more)
                                 self->connect_to(std::move(endpoints), index + 1);
                             else
                                 self->connected(error);
                         });
}

void UpstreamConnection::connected(ErrorCode error)
{
    user->on_upstream_connected(error);
}

void UpstreamConnection::read()
{
    if (std::exchange(reading_, true)) return;
    auto* room = in.room();
    socket.async_read_some(asio::buffer(room, in.room_size()),
                           [self = shared_from_this()](ErrorCode error, std::size_t size) {
                               self->reading_ = false;
                               if (!self->socket.is_open()) return;
                               if (!error) self->in.filled(size);
                               if (self->user)
                                   self->user->on_upstream_read(error, size);
                               else
                                   self->close();  // Closed by the service, or it speaks without being asked.
                           });
}

void UpstreamConnection::close()
{
    const auto self = shared_from_this();
    if (!user) pool_.forget(*this);
    user = nullptr;
    resolver_.cancel();
    ErrorCode ignored;
    socket.close(ignored);
}

std::shared_ptr<UpstreamConnection> UpstreamPool::take(const Upstream& address)
{
    const auto found = idle_.find(address.port);
    if (found == idle_.end()) return nullptr;
    auto& connections = found->second;
    // The youngest first: the others grow old and are closed when the load is gone.
    for (auto each = connections.rbegin(); each != connections.rend(); ++each) {
        if (!(*each)->leads_to(address)) continue;
        auto connection = std::move(*each);
        connections.erase(std::next(each).base());
        deadlines_.clear(*connection);
        return connection;
    }
    return nullptr;
}

std::shared_ptr<UpstreamConnection> UpstreamPool::make(const Upstream& address)
{
    return std::make_shared<UpstreamConnection>(*this, loop_, address);
}

void UpstreamPool::put_back(const std::shared_ptr<UpstreamConnection>& connection)
{
    auto& connections = idle_[connection->port()];
    if (connections.size() >= limit_) return connection->close();
    if (connection->in.capacity() > UpstreamConnection::buffer_size)
        connection->in = FlatBuffer(UpstreamConnection::buffer_size);
    connection->user = nullptr;
    connection->reused = true;
    connections.push_back(connection);
    deadlines_.set_after(*connection, timeout_);
    connection->read();
}

void UpstreamPool::forget(const UpstreamConnection& connection)
{
    const auto found = idle_.find(connection.port());
    if (found == idle_.end()) return;
    std::erase_if(found->second, [&](const auto& each) { return each.get() == &connection; });
    if (found->second.empty()) idle_.erase(found);
}

void UpstreamPool::close_all()
{
    const auto idle = std::exchange(idle_, {});
    for (const auto& [port, connections] : idle)
        for (const auto& connection : connections) connection->close();
}

}  // namespace ramet::net
