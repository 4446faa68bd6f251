#include "net/server_connection.hpp"

#include "base/log.hpp"
#include "net/exchange.hpp"
#include "net/http_status.hpp"
#include "net/response_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <ctime>
#include <utility>

namespace ramet::net {

namespace {

constexpr std::chrono::seconds linger_time{5};
constexpr std::size_t linger_bytes = 256U << 20U;

std::string http_date()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[40];
    const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text, size};
}

bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

}  // namespace

ServerConnection::ServerConnection(ServerSite& site, Accepted accepted)
    : site_(site), socket_(adopt(site.loop, std::move(accepted.socket), accepted.address.is_v6())),
      remote_address_(accepted.address.to_string())
{
}

void ServerConnection::start()
{
    state_ = State::reading_head;
    limit(site_.options.head_timeout);
    read();
}

void ServerConnection::read()
{
    if (reading_) return;
    reading_ = true;
    auto* room = in_.room();
    socket_.async_read_some(asio::buffer(room, in_.room_size()),
                            [self = shared_from_this()](ErrorCode error, std::size_t size) {
                                self->reading_ = false;
                                if (self->state_ == State::closed) return;
                                if (error) return self->close();
                                self->in_.filled(size);
                                self->on_read(size);
                            });
}

void ServerConnection::on_read(std::size_t size)
{
    switch (state_) {
    case State::waiting:
        state_ = State::reading_head;
        limit(site_.options.head_timeout);
        return parse_head();
    case State::reading_head: return parse_head();
    case State::reading_body: return take_body();
    case State::streaming:
        // A client may send its next request meanwhile; we only read on to notice when it leaves.
        if (!in_.is_full()) read();
        return;
    case State::lingering:
        in_.clear();
        lingered_ += size;
        return lingered_ > linger_bytes ? close() : read();
    default: return;  // It stays in the buffer.
    }
}

void ServerConnection::next_request()
{
    if (site_.stopping) return close();
    state_ = State::waiting;
    limit(site_.options.keep_alive_timeout);
    if (in_.empty()) return read();
    state_ = State::reading_head;
    limit(site_.options.head_timeout);
    parse_head();
}

void ServerConnection::parse_head()
{
    const auto result = parse_request_head(in_.text(), scanned_, head_);
    if (result.state == HeadState::complete && head_.size <= site_.options.header_limit) return begin_request();
    is_head_request_ = false;
    if (result.state == HeadState::bad) return refuse(result.status, result.reason);
    if (in_.size() >= site_.options.header_limit) return refuse(431, "the header fields are too large");
    if (reading_) return;
    if (in_.is_full()) in_.grow(std::min(in_.capacity() * 2, site_.options.header_limit));
    read();
}

void ServerConnection::begin_request()
{
    scanned_ = 0;
    keep_alive_ = head_.keep_alive && !site_.stopping;
    is_head_request_ = head_.method == "HEAD";
    const auto& options = site_.options;
    body_limit_ = options.limit_for ? options.limit_for(head_.method, head_.target) : options.body_limit;
    decoder_ = BodyDecoder::of_request(head_);
    if (!fill_request()) return refuse(400, "a broken escape in the path or the query");
    if (head_.content_length.value_or(0) > body_limit_)
        return refuse(413, "the body is larger than this request may have");
    in_.eat(head_.size);
    if (decoder_.is_done())
        dispatch();
    else
        begin_body();
}

bool ServerConnection::fill_request()
{
    const auto question = head_.target.find('?');
    const auto path = head_.target.substr(0, question);
    auto segments = parse_path(path);
    auto query =
        parse_query(question == std::string_view::npos ? std::string_view() : head_.target.substr(question + 1));
    if (!segments || !query) return false;
    request_ = Request{.method = std::string(head_.method),
                       .path = std::string(path),
                       .segments = std::move(*segments),
                       .query = std::move(*query),
                       .remote_address = remote_address_,
                       .stop = site_.stop};
    for (const auto& field : head_.fields) request_.headers.add(field.name, field.value);
    return true;
}

void ServerConnection::begin_body()
{
    state_ = State::reading_body;
    limit(site_.options.idle_timeout);
    request_.lease = std::make_shared<BodyLease>(site_.body_memory);
    // Memory that is not written to is none: only what arrives counts. Growing by doubling would take more than the body.
    request_.body.reserve(head_.content_length.value_or(0));
    if (head_.expects_continue && in_.empty()) {
        // So small that it always fits; were it lost, the client would send its body a little later all the same.
        constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
        ::send(socket_.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    take_body();
}

void ServerConnection::take_body()
{
    const auto step = decoder_.decode(in_.data(), in_.size());
    if (decoder_.is_bad()) return refuse(400, "the chunks of the body are malformed");
    if (request_.body.size() + step.content > body_limit_)
        return refuse(413, "the body is larger than this request may have");
    if (!request_.lease->grow_to(request_.body.size() + step.content))
        return refuse(503, "too many large bodies are being read");
    request_.body.append(in_.data(), step.content);
    in_.eat(step.consumed);
    if (decoder_.is_done()) return dispatch();
    limit(site_.options.idle_timeout);
    read();
}

void ServerConnection::dispatch()
{
    state_ = State::handling;
    site_.deadlines.clear(*this);
    const Responder responder(
        std::make_shared<Exchange>(site_.gate, weak_from_this(), site_.options.stream_buffer_limit));
    if (!site_.dispatch(std::exchange(request_, {}), responder))
        responder.send(problem(503, "too many requests are waiting"));
}

void ServerConnection::refuse(int status, std::string_view reason)
{
    // What follows on this connection cannot be trusted to be the beginning of a request.
    keep_alive_ = false;
    state_ = State::handling;
    // Not assigned an empty one: its text would keep its memory for as long as the client lingers.
    {
        [[maybe_unused]] const auto dropped = std::exchange(request_, {});
    }
    answer(problem(status, reason));
}

std::string ServerConnection::format_head(const Response& response, std::string_view framing) const
{
    auto text =
        fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, status_text(response.status), http_date());
    for (const auto& [name, value] : response.headers) {
        if (is_valid_field(name, value))
            text.append(name).append(": ").append(value).append("\r\n");
        else
            log::error("a handler answered with a header field that cannot be sent: \"{}\"", name);
    }
    text.append(framing);
    if (!keep_alive_)
        text.append("Connection: close\r\n");
    else if (head_.minor_version == 0)
        text.append("Connection: keep-alive\r\n");
    return text.append("\r\n");
}

void ServerConnection::answer(Response response)
{
    if (state_ != State::handling) return;
    if (site_.stopping) keep_alive_ = false;
    const auto framing =
        has_no_body(response.status) ? std::string() : fmt::format("Content-Length: {}\r\n", response.body.size());
    auto head = format_head(response, framing);
    if (is_head_request_ || has_no_body(response.status)) response.body.clear();
    state_ = State::writing;
    write(std::move(head), std::move(response.body));
}

void ServerConnection::answer_with_stream(Response head, std::shared_ptr<ResponseStream> stream)
{
    if (state_ != State::handling || site_.stopping) {
        stream->end();
        return answer(problem(503, "the server stops"));
    }
    chunks_ = head_.minor_version == 1;
    if (!chunks_) keep_alive_ = false;
    last_chunk_written_ = false;
    const auto beginning = std::exchange(head.body, {});
    auto text = format_head(head, chunks_ ? "Transfer-Encoding: chunked\r\n" : "");
    if (is_head_request_) {
        stream->end();
        state_ = State::writing;
        return write(std::move(text), {});
    }
    if (!beginning.empty()) text += chunks_ ? fmt::format("{:x}\r\n{}\r\n", beginning.size(), beginning) : beginning;
    stream_ = std::move(stream);
    state_ = State::streaming;
    write(std::move(text), {});
    if (!in_.is_full()) read();
}

void ServerConnection::flush_stream()
{
    if (!stream_ || writing_) return;
    auto [bytes, is_last] = stream_->take();
    std::string head;
    if (!bytes.empty() && chunks_) {
        head = fmt::format("{:x}\r\n", bytes.size());
        bytes += "\r\n";
    }
    if (is_last && chunks_) bytes += "0\r\n\r\n";
    last_chunk_written_ = is_last;
    if (!bytes.empty() || is_last) write(std::move(head), std::move(bytes));
}

void ServerConnection::cut_off(std::string_view reason)
{
    log::debug("closing a stream to {}: {}", remote_address_, reason);
    close();
}

void ServerConnection::write(std::string head, std::string body)
{
    out_head_ = std::move(head);
    out_body_ = std::move(body);
    out_done_ = 0;
    writing_ = true;
    write_rest();
}

void ServerConnection::write_rest()
{
    limit(site_.options.idle_timeout);
    const auto head_done = std::min(out_done_, out_head_.size());
    const std::array<asio::const_buffer, 2> rest{asio::buffer(out_head_) + head_done,
                                                 asio::buffer(out_body_) + (out_done_ - head_done)};
    socket_.async_write_some(rest, [self = shared_from_this()](ErrorCode error, std::size_t size) {
        if (self->state_ == State::closed) return;
        if (error) return self->close();
        self->out_done_ += size;
        if (self->out_done_ < self->out_head_.size() + self->out_body_.size())
            self->write_rest();
        else
            self->written();
    });
}

void ServerConnection::written()
{
    writing_ = false;
    out_body_ = {};
    site_.deadlines.clear(*this);  // A stream may be silent for ever.
    if (stream_ && !last_chunk_written_) return flush_stream();
    end_stream();
    end_response();
}

void ServerConnection::end_response()
{
    if (keep_alive_)
        next_request();
    else
        linger();
}

void ServerConnection::linger()
{
    if (decoder_.is_done() && in_.empty()) return close();
    // Closing with input unread would make the kernel reset the connection, and the answer could be lost on its way.
    state_ = State::lingering;
    ErrorCode ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    limit(linger_time);
    if (!reading_) in_.clear();
    read();
}

void ServerConnection::wind_down()
{
    if (state_ == State::joined) return leave();
    const bool is_idle = state_ == State::waiting || (state_ == State::reading_head && in_.empty());
    if (is_idle || state_ == State::streaming || state_ == State::lingering) return close();
    keep_alive_ = false;
}

void ServerConnection::end_stream()
{
    if (const auto stream = std::exchange(stream_, nullptr)) stream->end();
}

void ServerConnection::close()
{
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    state_ = State::closed;
    end_stream();
    end_joint();
    site_.deadlines.clear(*this);
    ErrorCode ignored;
    socket_.close(ignored);
    site_.connections.erase(self);
    site_.on_connections_changed();
}

void ServerConnection::on_deadline()
{
    const auto self = shared_from_this();  // `close` lets go of the last other reference.
    if (state_ == State::reading_head && !in_.empty()) return refuse(408, "the request took too long to arrive");
    if (state_ == State::reading_body) return refuse(408, "the body took too long to arrive");
    close();
}

}  // namespace ramet::net
