#pragma once
// Private to the WebSocket code: includes Beast, which is heavy to compile.

#include "net/asio.hpp"
#include "net/wire.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace ramet::net {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

/// A wire on Beast's WebSocket protocol, over TCP or TLS. The handshake is its maker's.
template <typename Transport>
class BeastWire final : public Wire, public std::enable_shared_from_this<BeastWire<Transport>> {
public:
    using Stream = websocket::stream<Transport, false>;
    using Instant = std::chrono::steady_clock::time_point;

    template <typename... Arguments>
    explicit BeastWire(const WireOptions& options, Arguments&&... arguments)
        : options_(options), stream_(std::forward<Arguments>(arguments)...), heartbeat_(stream_.get_executor())
    {
        websocket::stream_base::timeout limits{};
        limits.handshake_timeout = std::chrono::milliseconds(options.closing_ms);
        limits.idle_timeout = websocket::stream_base::none();
        stream_.set_option(limits);
        stream_.read_message_max(wire_message_limit);
        stream_.auto_fragment(false);
        stream_.write_buffer_bytes(wire_message_limit);
    }

    Stream& stream() { return stream_; }

    void attach(std::weak_ptr<WireEvents> events) override
    {
        events_ = std::move(events);
        stream_.control_callback([this](websocket::frame_type, beast::string_view) { heard(); });
        beat();
    }

    void read() override
    {
        buffer_.consume(buffer_.size());
        is_listening_ = true;
        heard();
        stream_.async_read(buffer_, [self = this->shared_from_this()](ErrorCode error, std::size_t) {
            self->is_listening_ = false;
            if (error) return self->over(error);
            if (const auto events = self->events_.lock(); events && !self->is_over_)
                events->on_message(self->stream_.got_text() ? MessageKind::text : MessageKind::binary, self->text());
        });
    }

    void write(MessageKind kind, std::string message) override
    {
        message_ = std::move(message);
        stream_.binary(kind == MessageKind::binary);
        stream_.async_write(asio::buffer(message_), [self = this->shared_from_this()](ErrorCode error, std::size_t) {
            if (error) return self->over(error);
            if (const auto events = self->events_.lock(); events && !self->is_over_) events->on_written();
        });
    }

    void close(Close why) override
    {
        if (is_over_ || std::exchange(is_closing_, true)) return;
        stream_.async_close(code_of(why), [self = this->shared_from_this()](ErrorCode error) { self->over(error); });
    }

    void abort() override
    {
        if (std::exchange(is_over_, true)) return;
        cut();
    }

private:
    static websocket::close_code code_of(Close why)
    {
        switch (why) {
        case Close::normal: return websocket::close_code::normal;
        case Close::protocol_error: return websocket::close_code::protocol_error;
        case Close::going_away: return websocket::close_code::going_away;
        }
        return websocket::close_code::normal;
    }

    std::string_view text() const { return {static_cast<const char*>(buffer_.cdata().data()), buffer_.cdata().size()}; }

    void heard() { last_heard_ = std::chrono::steady_clock::now(); }

    /// Unasked, as a peer that is busy writing does not read, and answers no ping of ours meanwhile.
    void beat()
    {
        heartbeat_.expires_after(std::chrono::milliseconds(options_.heartbeat_ms));
        heartbeat_.async_wait([weak = this->weak_from_this()](ErrorCode error) {
            const auto self = weak.lock();
            if (!self || error || self->is_over_) return;
            if (self->is_silent()) return self->end("the other side is silent");
            self->ping();
            self->beat();
        });
    }

    bool is_silent() const
    {
        const auto silence = std::chrono::steady_clock::now() - last_heard_;
        return is_listening_ && silence > std::chrono::milliseconds(options_.silence_ms);
    }

    void ping()
    {
        if (is_closing_ || std::exchange(is_pinging_, true)) return;
        stream_.async_ping({}, [self = this->shared_from_this()](ErrorCode error) {
            self->is_pinging_ = false;
            if (error) self->over(error);
        });
    }

    void over(ErrorCode error)
    {
        end(error && error != websocket::error::closed ? error.message() : "the other side closed");
    }

    void end(std::string_view reason)
    {
        if (std::exchange(is_over_, true)) return;
        cut();
        if (const auto events = events_.lock()) events->on_over(reason);
    }

    void cut()
    {
        heartbeat_.cancel();
        ErrorCode ignored;
        beast::get_lowest_layer(stream_).close(ignored);
    }

    WireOptions options_;
    Stream stream_;
    asio::steady_timer heartbeat_;
    std::weak_ptr<WireEvents> events_{};
    beast::flat_buffer buffer_{};
    std::string message_{};
    Instant last_heard_ = std::chrono::steady_clock::now();
    bool is_listening_ = false;
    bool is_pinging_ = false;
    bool is_closing_ = false;
    bool is_over_ = false;
};

}  // namespace ramet::net
