#include "net/joined_socket.hpp"

#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace ramet::net {

namespace {

constexpr std::size_t piece_size = 32U << 10U;
constexpr std::size_t outcome_limit = 64U << 10U;
/// v5.channel.k8s.io: in front of the channel that ends.
constexpr char end_of_channel = '\xff';
/// A client that was told the end and does not close. Long, as it may still be busy with what came before.
constexpr std::chrono::minutes farewell_patience{15};

asio::posix::stream_descriptor adopt_descriptor(asio::io_context& loop, Fd fd)
{
    asio::posix::stream_descriptor adopted(loop);
    if (fd) adopted.assign(fd.release());
    return adopted;
}

}  // namespace

JoinedSocket::JoinedSocket(asio::io_context& loop, std::shared_ptr<Wire> wire, Joint joint, OnOver on_over)
    : wire_(std::move(wire)), on_over_(std::move(on_over)), describe_end_(std::move(joint.describe_end)),
      kubernetes_(joint.kubernetes), outcome_(loop), farewell_(loop), has_outcome_(static_cast<bool>(joint.outcome))
{
    outcome_ = adopt_descriptor(loop, std::move(joint.outcome));
    sources_.reserve(joint.sources.size());
    sinks_.reserve(joint.sinks.size());
    for (auto& source : joint.sources)
        sources_.push_back(
            {source.channel, adopt_descriptor(loop, std::move(source.fd)), std::move(source.filter), {}, false});
    for (auto& sink : joint.sinks)
        sinks_.push_back({sink.channel, adopt_descriptor(loop, std::move(sink.fd)), sink.skipped, false});
}

JoinedSocket::~JoinedSocket() = default;

void JoinedSocket::start()
{
    wire_->attach(weak_from_this());
    wire_->read();
    for (auto& source : sources_) read_source(source);
    if (has_outcome_) read_outcome();
}

void JoinedSocket::read_source(Source& source)
{
    source.buffer.resize(piece_size);
    source.fd.async_read_some(asio::buffer(source.buffer),
                              [self = shared_from_this(), &source](ErrorCode error, std::size_t size) {
                                  if (!self->is_over_) self->on_source_read(source, error, size);
                              });
}

void JoinedSocket::on_source_read(Source& source, ErrorCode error, std::size_t size)
{
    if (error) {
        end_source(source);
        // Not its orderly end: whoever was there is gone, and takes nothing either.
        if (error != asio::error::eof)
            for (auto& sink : sinks_) on_sink_broken(sink);
        return say_last_word();
    }
    const std::string_view piece(source.buffer.data(), size);
    const auto before = queue_.size();
    queue_bytes(source, source.filter ? source.filter(piece) : std::string(piece));
    if (queue_.size() == before) return read_source(source);  // The filter keeps all of it for now.
    queue_.back().resume = &source;
    write_next();
}

void JoinedSocket::end_source(Source& source)
{
    if (source.has_ended) return;
    source.has_ended = true;
    if (source.filter) queue_bytes(source, source.filter({}));
    ErrorCode ignored;
    source.fd.close(ignored);
    const auto channel = static_cast<char>(source.channel);
    if (!kubernetes_)
        queue_.push_back({MessageKind::binary, std::string(1, channel)});
    else if (kubernetes_->can_end_input)
        queue_.push_back({MessageKind::binary, std::string{end_of_channel, channel}});
    else
        queue_.push_back({.kind = MessageKind::binary, .message = {}, .is_end = true});
    write_next();
}

void JoinedSocket::queue_bytes(Source& source, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, wire_message_limit - 1);
        bytes.remove_prefix(piece.size());
        std::string message(1, static_cast<char>(source.channel));
        queue_.push_back({MessageKind::binary, message.append(piece)});
    }
}

void JoinedSocket::write_next()
{
    if (is_writing_ || queue_.empty()) return;
    if (queue_.front().is_end) return wire_->close(Wire::Close::normal);
    is_writing_ = true;
    wire_->write(queue_.front().kind, std::move(queue_.front().message));
}

void JoinedSocket::on_written()
{
    if (is_over_) return;
    is_writing_ = false;
    auto* resume = queue_.front().resume;
    queue_.pop_front();
    if (resume != nullptr && !resume->has_ended) read_source(*resume);
    write_next();
}

void JoinedSocket::on_message(MessageKind kind, std::string_view content)
{
    if (is_over_) return;
    if (kind == MessageKind::binary && !content.empty()) return take(content);
    if (is_server() || kind == MessageKind::binary) return wire_->close(Wire::Close::protocol_error);
    end_.last_word = content;
    wire_->close(Wire::Close::normal);
}

void JoinedSocket::take(std::string_view content)
{
    if (kubernetes_) return take_from_kubernetes(content);
    const auto channel = static_cast<std::uint8_t>(content.front());
    const auto sink = std::ranges::find(sinks_, channel, &Sink::channel);
    if (sink == sinks_.end()) return wire_->close(Wire::Close::protocol_error);
    if (content.size() == 1) {
        end_sink(*sink);
        wire_->read();
        return say_last_word();
    }
    give(*sink, content.substr(1));
}

void JoinedSocket::take_from_kubernetes(std::string_view content)
{
    const auto channel = static_cast<std::uint8_t>(content.front());
    auto bytes = content.substr(1);
    const auto sink = std::ranges::find(sinks_, channel, &Sink::channel);
    const bool is_word = channel == kubernetes_->last_word;
    auto& to_skip = sink != sinks_.end() ? sink->skipped : kubernetes_->skipped;
    const auto skipped = sink != sinks_.end() || is_word ? std::min(to_skip, bytes.size()) : 0;
    to_skip -= skipped;
    bytes.remove_prefix(skipped);
    if (is_word) end_.last_word += bytes;
    if (is_word || sink == sinks_.end() || bytes.empty()) return wire_->read();
    give(*sink, bytes);
}

void JoinedSocket::give(Sink& sink, std::string_view bytes)
{
    if (sink.has_ended) return wire_->read();  // Nobody takes it any more.
    incoming_ = bytes;
    asio::async_write(sink.fd, asio::buffer(incoming_),
                      [self = shared_from_this(), at = &sink](ErrorCode error, std::size_t) {
                          if (!self->is_over_) self->on_sink_written(*at, error);
                      });
}

void JoinedSocket::on_sink_written(Sink& sink, ErrorCode error)
{
    if (error) on_sink_broken(sink);
    if (is_over_) return;
    wire_->read();
    say_last_word();
}

void JoinedSocket::on_sink_broken(Sink& sink)
{
    end_sink(sink);
    // A client has nobody to give it to: the peer need not go on.
    if (!is_server()) wire_->close(Wire::Close::going_away);
}

void JoinedSocket::end_sink(Sink& sink)
{
    if (std::exchange(sink.has_ended, true)) return;
    // A socket's other direction may go on through its other descriptor. On a pipe this does nothing.
    ::shutdown(sink.fd.native_handle(), SHUT_WR);
    ErrorCode ignored;
    sink.fd.close(ignored);
}

void JoinedSocket::read_outcome()
{
    outcome_buffer_.resize(512);
    outcome_.async_read_some(asio::buffer(outcome_buffer_),
                             [self = shared_from_this()](ErrorCode error, std::size_t size) {
                                 if (self->is_over_) return;
                                 self->said_.append(self->outcome_buffer_, 0, size);
                                 if (!error && self->said_.size() < outcome_limit) return self->read_outcome();
                                 ErrorCode ignored;
                                 self->outcome_.close(ignored);
                                 if (!self->is_server()) return self->wire_->close(Wire::Close::going_away);
                                 self->say_last_word();
                             });
}

void JoinedSocket::say_last_word()
{
    if (!is_server() || is_last_word_queued_ || is_over_) return;
    // Who ends without a word has not seen to the others' end either.
    const bool is_cut_off = has_outcome_ && !outcome_.is_open() && said_.empty();
    if (!is_cut_off && !std::ranges::all_of(sources_, &Source::has_ended)) return;
    if (has_outcome_ ? outcome_.is_open() : !std::ranges::all_of(sinks_, &Sink::has_ended)) return;
    is_last_word_queued_ = true;
    queue_.push_back({MessageKind::text, describe_end_(said_)});
    write_next();
    farewell_.expires_after(farewell_patience);
    farewell_.async_wait([self = weak_from_this()](ErrorCode error) {
        if (const auto alive = self.lock(); alive && !error) alive->abort("the client did not close");
    });
}

void JoinedSocket::close()
{
    if (!is_over_) wire_->close(Wire::Close::going_away);
}

void JoinedSocket::abort(std::string_view reason)
{
    if (std::exchange(is_over_, true)) return;
    const auto self = shared_from_this();
    wire_->abort();
    farewell_.cancel();
    ErrorCode ignored;
    for (auto& source : sources_) source.fd.close(ignored);
    for (auto& sink : sinks_)
        if (!sink.has_ended) sink.fd.close(ignored);
    outcome_.close(ignored);
    end_.reason = reason;
    if (const auto tell = std::exchange(on_over_, nullptr)) tell(std::move(end_));
}

}  // namespace ramet::net
