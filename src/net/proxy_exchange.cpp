#include "net/proxy_session.hpp"

#include <sys/socket.h>

#include <utility>

namespace ramet::net {

namespace {

/// A buffer that was filled in one read is too small for what comes.
void grow_when_full(FlatBuffer& buffer, std::size_t size)
{
    if (buffer.empty() && buffer.capacity() < size) buffer = FlatBuffer(size);
}

}  // namespace

void ProxySession::connect_fresh()
{
    connected_ = false;
    upstream_ = site_.upstreams.make(std::get<Upstream>(route_->to));
    expect(site_.options.connect_timeout);
    upstream_->connect(*this);
}

void ProxySession::on_upstream_connected(ErrorCode error)
{
    const auto self = shared_from_this();  // `close` lets go of the last other reference.
    if (error) return answer_failure(502, error.message());
    send_request();
}

void ProxySession::send_request()
{
    connected_ = true;
    expect(request_done_ ? site_.options.response_timeout : site_.options.client_timeout);
    const auto upstream = upstream_;
    flush_request();
    if (upstream_ == upstream) upstream->read();
}

void ProxySession::flush_request()
{
    request_blocked_ = false;
    const auto sent = to_upstream_.send_to(upstream_->socket.native_handle());
    if (sent == Sent::all) return request_piece_sent();
    // Broken or not: the service may have answered before it closed. The pending read tells, and nothing more is sent.
    request_blocked_ = true;
    if (sent == Sent::broken) return;
    upstream_->socket.async_wait(tcp::socket::wait_write,
                                 [self = shared_from_this(), upstream = upstream_](ErrorCode error) {
                                     if (!error && self->upstream_ == upstream) self->flush_request();
                                 });
}

void ProxySession::request_piece_sent()
{
    const bool full = in_.room_size() == 0;
    in_.eat(std::exchange(request_consumed_, 0));
    if (request_decoder_.is_done()) {
        request_done_ = true;
        if (!replayable_) to_upstream_.clear();
        if (!response_head_done_) expect(site_.options.response_timeout);
        return;
    }
    to_upstream_.clear();
    if (full) grow_when_full(in_, large_buffer_size);
    pump_request();
}

void ProxySession::pump_request()
{
    if (in_.empty()) return read_client();
    const auto step = request_decoder_.decode(in_.data(), in_.size());
    if (request_decoder_.is_bad())
        return response_head_done_ ? cut() : refuse(400, "the chunks of the body are malformed");
    request_consumed_ = step.consumed;
    add_content(to_upstream_, {in_.data(), step.content}, request_framing_, request_decoder_.is_done());
    expect(tunnel_ ? site_.options.idle_timeout : site_.options.client_timeout);
    if (!to_upstream_.empty())
        flush_request();
    else
        request_piece_sent();
}

void ProxySession::on_upstream_read(ErrorCode error, std::size_t)
{
    const auto self = shared_from_this();
    if (error) return on_upstream_end(error);
    response_started_ = true;
    if (response_head_done_)
        pump_response();
    else
        parse_response();
}

void ProxySession::on_upstream_end(ErrorCode error)
{
    if (!response_head_done_) {
        if (!upstream_->reused || response_started_ || !replayable_)
            return answer_failure(502, "it closed the connection before it answered");
        // The service closed the idle connection while the request was on its way: not its answer to this request.
        upstream_->close();
        to_upstream_.done = 0;
        return connect_fresh();
    }
    if (error != asio::error::eof || !response_decoder_.end_of_input()) return cut();
    to_client_.clear();
    response_consumed_ = 0;
    if (!tunnel_) {
        add_content(to_client_, {}, response_framing_, true);
        return flush_response();
    }
    if (request_done_) return leave();
    ErrorCode ignored;
    client_.shutdown(tcp::socket::shutdown_send, ignored);
    expect(site_.options.client_timeout);
}

void ProxySession::parse_response()
{
    auto& in = upstream_->in;
    while (true) {
        const auto result = parse_response_head(in.text(), response_scanned_, response_);
        if (result.state == HeadState::bad)
            return answer_failure(502, fmt::format("its answer is malformed: {}", result.reason));
        if (result.state == HeadState::complete && !pass_interim()) return begin_response();
        if (result.state == HeadState::complete) continue;
        if (in.size() >= site_.options.header_limit) return answer_failure(502, "the head of its answer is too large");
        if (in.is_full()) in.grow(in.capacity() * 2);
        return upstream_->read();
    }
}

bool ProxySession::pass_interim()
{
    if (response_.status >= 200 || response_.status == 101) return false;
    upstream_->in.eat(response_.size);
    response_scanned_ = 0;
    if (response_.status == 100 && std::exchange(expects_continue_, false)) {
        // So small that it always fits; were it lost, the client would send its body a little later all the same.
        constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
        ::send(client_.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return true;
}

void ProxySession::begin_response()
{
    if (response_.status == 101 && !wants_tunnel_)
        return answer_failure(502, "it changed the protocol without being asked");
    tunnel_ = response_.status == 101;
    response_status_ = response_.status;
    response_head_done_ = true;
    response_decoder_ = tunnel_ ? BodyDecoder::of_tunnel() : BodyDecoder::of_response(response_, method_);
    const bool has_length = response_decoder_.kind() == BodyKind::none || response_decoder_.kind() == BodyKind::length;
    const bool client_is_old = client_minor_version_ == 0;
    response_framing_ = has_length || tunnel_ || client_is_old ? Framing::plain : Framing::chunked;
    if (site_.stopping || (client_is_old && !has_length)) keep_alive_ = false;
    upstream_keep_alive_ = response_.keep_alive && response_decoder_.kind() != BodyKind::until_close;
    to_client_.clear();
    write_response_head(to_client_.head, response_, {response_framing_, route_->robots, keep_alive_, client_is_old});
    upstream_->in.eat(response_.size);
    if (tunnel_) begin_tunnel();
    pump_response();
}

void ProxySession::begin_tunnel()
{
    request_decoder_ = BodyDecoder::of_tunnel();
    request_framing_ = Framing::plain;
    request_done_ = replayable_ = false;
    to_upstream_.clear();
    // After the head of the response, which `pump_response` sends now, the client speaks.
    asio::post(site_.loop, [self = shared_from_this()] {
        if (self->state_ == State::exchanging && self->tunnel_) self->pump_request();
    });
}

void ProxySession::pump_response()
{
    auto& in = upstream_->in;
    const auto step = response_decoder_.decode(in.data(), in.size());
    if (response_decoder_.is_bad()) return cut();
    response_consumed_ = step.consumed;
    add_content(to_client_, {in.data(), step.content}, response_framing_, response_decoder_.is_done());
    if (to_client_.empty())
        response_piece_sent();
    else
        flush_response();
}

void ProxySession::flush_response()
{
    const auto sent = to_client_.send_to(client_.native_handle());
    if (sent == Sent::all) return response_piece_sent();
    if (sent == Sent::broken) return leave();
    expect(site_.options.client_timeout);
    client_.async_wait(tcp::socket::wait_write, [self = shared_from_this(), exchange = exchange_](ErrorCode error) {
        if (!error && self->state_ == State::exchanging && self->exchange_ == exchange) self->flush_response();
    });
}

void ProxySession::response_piece_sent()
{
    to_client_.clear();
    if (!upstream_) return finish_response();
    auto& in = upstream_->in;
    const bool full = in.room_size() == 0;
    in.eat(std::exchange(response_consumed_, 0));
    if (response_decoder_.is_done()) return finish_response();
    if (full) grow_when_full(in, large_buffer_size);
    expect(site_.options.idle_timeout);
    upstream_->read();
}

void ProxySession::finish_response()
{
    report(response_status_);
    if (!request_done_) keep_alive_ = false;
    if (upstream_ && upstream_keep_alive_ && request_done_ && upstream_->in.empty()) {
        site_.upstreams.put_back(upstream_);
        upstream_ = nullptr;
    }
    drop_upstream();
    route_ = nullptr;
    if (keep_alive_)
        next_request();
    else
        linger();
}

void ProxySession::cut()
{
    // A response that ends with its connection looks complete unless the connection is reset.
    const bool would_look_complete = response_framing_ == Framing::plain && client_minor_version_ == 0;
    if (would_look_complete || tunnel_) {
        ErrorCode ignored;
        client_.set_option(asio::socket_base::linger(true, 0), ignored);
    }
    leave();
}

void ProxySession::drop_upstream()
{
    if (const auto upstream = std::exchange(upstream_, nullptr)) upstream->close();
}

}  // namespace ramet::net
