#include "net/response_stream.hpp"

#include "net/server_connection.hpp"

#include <utility>

namespace ramet::net {

bool ResponseStream::write(std::string_view chunk)
{
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return false;
    if (pending_.size() + chunk.size() > limit_) {
        state_ = State::ended;
        gate_->post([connection = connection_] {
            if (const auto alive = connection.lock()) alive->cut_off("the client reads too slowly");
        });
        return false;
    }
    pending_.append(chunk);
    if (!chunk.empty()) post_flush();
    return true;
}

void ResponseStream::close()
{
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    state_ = State::closing;
    post_flush();
}

void ResponseStream::on_closed(std::function<void()> callback)
{
    {
        const std::lock_guard lock(mutex_);
        if (state_ != State::ended) {
            callback_ = std::move(callback);
            return;
        }
    }
    callback();
}

ResponseStream::Pending ResponseStream::take()
{
    const std::lock_guard lock(mutex_);
    flush_posted_ = false;
    return {std::exchange(pending_, {}), state_ != State::open};
}

void ResponseStream::end()
{
    std::function<void()> callback;
    {
        const std::lock_guard lock(mutex_);
        state_ = State::ended;
        callback.swap(callback_);
    }
    if (callback) callback();
}

void ResponseStream::post_flush()
{
    if (std::exchange(flush_posted_, true)) return;
    gate_->post([connection = connection_] {
        if (const auto alive = connection.lock()) alive->flush_stream();
    });
}

}  // namespace ramet::net
