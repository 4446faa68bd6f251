#pragma once
// Private to the server.

#include "net/loop_gate.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace ramet::net {

class ServerConnection;

/// What a StreamWriter and the connection share: bytes that wait to be sent, and how it ended.
class ResponseStream {
public:
    ResponseStream(std::shared_ptr<LoopGate> gate, std::weak_ptr<ServerConnection> connection, std::size_t limit)
        : gate_(std::move(gate)), connection_(std::move(connection)), limit_(limit)
    {
    }

    bool write(std::string_view chunk);
    void close();
    void on_closed(std::function<void()> callback);

    struct Pending {
        std::string bytes;
        bool is_last;
    };
    /// For the connection: everything that waits.
    Pending take();
    /// For the connection: nothing more can be sent. Calls back.
    void end();

private:
    enum class State : unsigned char { open, closing, ended };
    void post_flush();

    std::shared_ptr<LoopGate> gate_;
    std::weak_ptr<ServerConnection> connection_;
    std::size_t limit_;
    std::mutex mutex_;
    std::string pending_;
    State state_ = State::open;
    bool flush_posted_ = false;
    std::function<void()> callback_;
};

}  // namespace ramet::net
