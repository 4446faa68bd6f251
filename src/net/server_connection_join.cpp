// What becomes of a connection that goes on as a WebSocket.
#include "net/exchange.hpp"
#include "net/joined_socket.hpp"
#include "net/server_connection.hpp"
#include "net/web_socket_server.hpp"

#include <utility>

namespace ramet::net {

void ServerConnection::join(const Request& request, Joint joint, std::shared_ptr<JoinedState> state)
{
    joined_state_ = std::move(state);
    if (state_ != State::handling || site_.stopping || !in_.empty()) {
        end_joint();
        // A client that speaks before it knows that it is understood may mean something else.
        return answer(site_.stopping ? problem(503, "the server stops")
                                     : problem(400, "bytes follow the upgrade request"));
    }
    state_ = State::joined;
    WireOptions options;
    options.heartbeat_ms = static_cast<int>(site_.options.heartbeat.count());
    options.silence_ms = static_cast<int>(site_.options.silence_limit.count());
    // Short: a client whose token was revoked shall not stay for as long as it leaves the good-bye unanswered.
    options.closing_ms = 1'500;
    auto waiting = std::make_shared<Joint>(std::move(joint));
    wire_ = accept_web_socket(std::move(socket_), request, options, [self = shared_from_this(), waiting](bool is_open) {
        const auto wire = std::exchange(self->wire_, nullptr);
        if (self->state_ != State::joined) return;
        if (!is_open) return self->close();
        self->joint_ = std::make_shared<JoinedSocket>(self->site_.loop, wire, std::move(*waiting),
                                                      [weak = self->weak_from_this()](const JointEnd&) {
                                                          if (const auto alive = weak.lock()) alive->close();
                                                      });
        self->joint_->start();
    });
}

void ServerConnection::leave()
{
    if (joint_)
        joint_->close();
    else if (state_ == State::joined)
        close();
}

void ServerConnection::end_joint()
{
    if (const auto wire = std::exchange(wire_, nullptr)) wire->abort();
    if (const auto joint = std::exchange(joint_, nullptr)) joint->abort("the server ended the connection");
    if (const auto state = std::exchange(joined_state_, nullptr)) state->is_over = true;
}

}  // namespace ramet::net
