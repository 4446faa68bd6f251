#pragma once
// Private to the WebSocket code: includes Asio.

#include "net/asio.hpp"
#include "net/joint.hpp"
#include "net/wire.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ramet::net {

/// Moves bytes between a wire and a joint's descriptors, both ways, in constant memory: a source is read again when its last piece
/// has left, the wire when its last message was taken. Belongs to the thread of its loop.
class JoinedSocket final : public WireEvents, public std::enable_shared_from_this<JoinedSocket> {
public:
    using OnOver = std::function<void(JointEnd)>;

    JoinedSocket(asio::io_context& loop, std::shared_ptr<Wire> wire, Joint joint, OnOver on_over);
    ~JoinedSocket() override;

    void start();
    /// Says good-bye to the peer first.
    void close();
    /// Ends it at once and closes every descriptor. `on_over` is called, if it was not.
    void abort(std::string_view reason);

private:
    struct Source {
        std::uint8_t channel;
        asio::posix::stream_descriptor fd;
        Joint::Filter filter;
        std::string buffer{};
        bool has_ended = false;
    };
    struct Sink {
        std::uint8_t channel;
        asio::posix::stream_descriptor fd;
        std::size_t skipped = 0;
        bool has_ended = false;
    };
    struct Outgoing {
        MessageKind kind;
        std::string message;
        Source* resume = nullptr;  ///< is read again when this has left
        bool is_end = false;       ///< no message: the connection is closed in its place
    };

    void on_message(MessageKind kind, std::string_view content) override;
    void on_written() override;
    void on_over(std::string_view reason) override { abort(reason); }

    void read_source(Source& source);
    void on_source_read(Source& source, ErrorCode error, std::size_t size);
    void end_source(Source& source);
    void queue_bytes(Source& source, std::string_view bytes);
    void write_next();
    void take(std::string_view content);
    void take_from_kubernetes(std::string_view content);
    void give(Sink& sink, std::string_view bytes);
    void end_sink(Sink& sink);
    void on_sink_written(Sink& sink, ErrorCode error);
    void on_sink_broken(Sink& sink);
    void read_outcome();
    void say_last_word();

    bool is_server() const { return static_cast<bool>(describe_end_); }

    std::shared_ptr<Wire> wire_;
    OnOver on_over_;
    std::function<std::string(std::string_view)> describe_end_;
    std::optional<KubernetesWords> kubernetes_;
    // Neither grows after the construction: handlers keep pointers into them.
    std::vector<Source> sources_;
    std::vector<Sink> sinks_;
    asio::posix::stream_descriptor outcome_;
    asio::steady_timer farewell_;
    bool has_outcome_;
    std::string said_{};
    std::string outcome_buffer_{};
    std::deque<Outgoing> queue_{};
    bool is_writing_ = false;
    bool is_last_word_queued_ = false;
    std::string incoming_{};
    JointEnd end_{};
    bool is_over_ = false;
};

}  // namespace ramet::net
