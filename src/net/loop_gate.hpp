#pragma once
// Private to the server.

#include "net/asio.hpp"

#include <functional>
#include <mutex>

namespace ramet::net {

/// The way from other threads into a loop, which may be gone by then: what is outlived by its users needs a door.
class LoopGate {
public:
    explicit LoopGate(asio::io_context& loop) : loop_(&loop) {}

    /// Runs `work` on the loop; does nothing when the gate was closed.
    void post(std::function<void()> work)
    {
        const std::lock_guard lock(mutex_);
        if (loop_) asio::post(*loop_, std::move(work));
    }

    void close()
    {
        const std::lock_guard lock(mutex_);
        loop_ = nullptr;
    }

private:
    std::mutex mutex_;
    asio::io_context* loop_;
};

}  // namespace ramet::net
