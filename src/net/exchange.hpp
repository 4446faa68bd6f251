#pragma once
// Private to the server.

#include "net/http_server.hpp"
#include "net/loop_gate.hpp"

#include <atomic>
#include <memory>

namespace ramet::net {

class ServerConnection;

/// Behind the copies of one Responder: carries the first answer to the connection, if that still exists.
class Exchange {
public:
    Exchange(std::shared_ptr<LoopGate> gate, std::weak_ptr<ServerConnection> connection, std::size_t stream_limit)
        : gate_(std::move(gate)), connection_(std::move(connection)), stream_limit_(stream_limit)
    {
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    void send(Response response);
    std::shared_ptr<ResponseStream> stream(Response head);
    std::shared_ptr<JoinedState> join(Request request, Joint joint);

private:
    std::shared_ptr<LoopGate> gate_;
    std::weak_ptr<ServerConnection> connection_;
    std::size_t stream_limit_;
    std::atomic<bool> answered_ = false;
};

/// What a JoinedConnection and the server's connection share.
struct JoinedState {
    std::shared_ptr<LoopGate> gate;
    std::weak_ptr<ServerConnection> connection;
    std::atomic<bool> is_over = false;
};

/// An error of the server itself, as RFC 9457 wants it.
Response problem(int status, std::string_view reason);

}  // namespace ramet::net
