#include "net/proxy_session.hpp"

#include "net/host.hpp"
#include "net/http_status.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace ramet::net {

namespace {

constexpr std::chrono::seconds linger_time{5};
constexpr std::size_t linger_bytes = 256U << 20U;
constexpr int client_left = 499;

/// Sent twice, they do the same as once (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method)
{
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
           method == "TRACE";
}

}  // namespace

ProxySession::ProxySession(ProxySite& site, Accepted accepted)
    : site_(site), client_(adopt(site.loop, std::move(accepted.socket), accepted.address.is_v6())),
      client_address_(accepted.address.to_string())
{
}

void ProxySession::start()
{
    state_ = State::reading_head;
    limit(site_.options.head_timeout);
    read_client();
}

void ProxySession::limit(std::chrono::milliseconds duration)
{
    site_.deadlines.set_after(*this, duration);
}

void ProxySession::read_client()
{
    if (std::exchange(reading_client_, true)) return;
    auto* room = in_.room();
    client_.async_read_some(asio::buffer(room, in_.room_size()),
                            [self = shared_from_this()](ErrorCode error, std::size_t size) {
                                self->reading_client_ = false;
                                if (self->state_ == State::closed) return;
                                if (error) return self->on_client_end();
                                self->in_.filled(size);
                                self->on_client_read(size);
                            });
}

void ProxySession::on_client_read(std::size_t size)
{
    switch (state_) {
    case State::waiting:
        state_ = State::reading_head;
        limit(site_.options.head_timeout);
        return parse_request();
    case State::reading_head: return parse_request();
    case State::exchanging:
        if (!request_done_ && !request_blocked_) pump_request();
        return;
    case State::lingering:
        in_.clear();
        lingered_ += size;
        return lingered_ > linger_bytes ? close() : read_client();
    case State::closed: return;
    }
}

void ProxySession::on_client_end()
{
    if (state_ != State::exchanging) return close();
    if (!tunnel_) return leave();
    request_done_ = true;
    if (response_decoder_.is_done()) return leave();
    ErrorCode ignored;
    upstream_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void ProxySession::leave()
{
    report(response_status_ != 0 ? response_status_ : client_left);
    close();
}

void ProxySession::next_request()
{
    if (site_.stopping) return close();
    state_ = State::waiting;
    limit(site_.options.keep_alive_timeout);
    if (in_.empty() && in_.capacity() > buffer_size && !reading_client_) in_ = FlatBuffer(buffer_size);
    if (in_.empty()) return read_client();
    // Not at once: a client that sends a thousand requests in one piece would take us a thousand calls deep.
    asio::post(site_.loop, [self = shared_from_this()] {
        if (self->state_ == State::waiting) self->on_client_read(0);
    });
}

void ProxySession::parse_request()
{
    const auto result = parse_request_head(in_.text(), request_scanned_, request_);
    if (result.state == HeadState::complete && request_.size <= site_.options.header_limit) return begin_request();
    method_.clear();
    request_done_ = false;
    if (result.state == HeadState::bad) return refuse(result.status, result.reason);
    if (in_.size() >= site_.options.header_limit) return refuse(431, "the header fields are too large");
    if (reading_client_) return;
    if (in_.is_full()) in_.grow(std::min(in_.capacity() * 2, site_.options.header_limit));
    read_client();
}

void ProxySession::begin_request()
{
    state_ = State::exchanging;
    started_ = Deadlines::now();
    ++exchange_;
    request_scanned_ = response_scanned_ = 0;
    response_status_ = 0;
    connected_ = request_blocked_ = response_started_ = response_head_done_ = false;
    upstream_keep_alive_ = false;
    method_.assign(request_.method);
    client_minor_version_ = request_.minor_version;
    keep_alive_ = request_.keep_alive && !site_.stopping;
    wants_tunnel_ = is_tunnelled(request_);
    request_decoder_ = BodyDecoder::of_request(request_);
    request_framing_ = request_.chunked ? Framing::chunked : Framing::plain;
    request_done_ = request_decoder_.is_done();
    in_.eat(request_.size);
    if (!normalise_host(request_.host, host_)) return refuse(400, "not a host");
    const auto* found = site_.routes.find(host_);
    route_ = found ? *found : nullptr;
    if (!route_) return answer_unknown_host();
    if (const auto* page = std::get_if<Page>(&route_->to)) return answer_page(*page);
    begin_exchange();
}

void ProxySession::begin_exchange()
{
    // What is there of the body goes with the head. The head's text stays where it is: decoding moves only what follows.
    const auto step = request_decoder_.decode(in_.data(), in_.size());
    if (request_decoder_.is_bad()) return refuse(400, "the chunks of the body are malformed");
    request_done_ = request_decoder_.is_done();
    request_.expects_continue = request_.expects_continue && !request_done_ && step.consumed == 0;
    expects_continue_ = request_.expects_continue;
    replayable_ = request_done_ && (request_decoder_.kind() == BodyKind::none || is_idempotent(method_));
    to_upstream_.clear();
    write_request_head(to_upstream_.head, request_, {client_address_, site_.options.forwarded});
    if (request_decoder_.kind() != BodyKind::none && step.consumed > 0) {
        add_content(to_upstream_, {in_.data(), step.content}, request_framing_, request_done_);
        to_upstream_.head.append(to_upstream_.content).append(to_upstream_.tail);
        to_upstream_.content = to_upstream_.tail = {};
        in_.eat(step.consumed);
    }
    upstream_ = site_.upstreams.take(std::get<Upstream>(route_->to));
    if (!upstream_) return connect_fresh();
    upstream_->user = this;
    send_request();
}

void ProxySession::linger()
{
    if (request_done_ && in_.empty()) return close();
    // Closing with input unread would make the kernel reset the connection, and the answer could be lost on its way.
    state_ = State::lingering;
    ErrorCode ignored;
    client_.shutdown(tcp::socket::shutdown_send, ignored);
    limit(linger_time);
    if (!reading_client_) in_.clear();
    read_client();
}

void ProxySession::wind_down()
{
    const bool is_idle = state_ == State::waiting || (state_ == State::reading_head && in_.empty());
    if (is_idle || tunnel_ || state_ == State::lingering) return close();
    keep_alive_ = false;
}

void ProxySession::close()
{
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    state_ = State::closed;
    drop_upstream();
    site_.deadlines.clear(*this);
    ErrorCode ignored;
    client_.close(ignored);
    site_.sessions.erase(self);
    if (site_.sessions.empty() && site_.on_empty) site_.on_empty();
}

void ProxySession::expect(std::chrono::milliseconds duration)
{
    const auto now = Deadlines::now();
    patience_end_ = now + duration;
    site_.deadlines.set(*this, std::min(patience_end_, now + std::chrono::seconds(1)));
}

void ProxySession::on_deadline()
{
    const auto self = shared_from_this();  // `close` lets go of the last other reference.
    if (state_ == State::exchanging) return on_exchange_deadline();
    if (state_ == State::reading_head && !in_.empty()) return refuse(408, "the request took too long to arrive");
    close();
}

void ProxySession::on_exchange_deadline()
{
    if (Deadlines::now() < patience_end_) {
        site_.deadlines.set(*this, patience_end_);
        return watch_client();
    }
    if (response_head_done_ || !upstream_) return cut();
    if (!connected_) return answer_failure(504, "it did not take the connection in time");
    if (!request_done_ && !request_blocked_) return refuse(408, "the body took too long to arrive");
    answer_failure(504, "it did not answer in time");
}

void ProxySession::watch_client()
{
    // While a service thinks, nothing is read from the client, and its leaving would not be noticed.
    if (!request_done_ || watching_client_ || reading_client_ || tunnel_) return;
    watching_client_ = true;
    client_.async_wait(tcp::socket::wait_read, [self = shared_from_this(), exchange = exchange_](ErrorCode error) {
        self->watching_client_ = false;
        if (error || self->state_ != State::exchanging || self->exchange_ != exchange) return;
        char byte;
        const auto count = ::recv(self->client_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) self->leave();
    });
}

void ProxySession::report(int status)
{
    const auto& on_request = site_.options.on_request;
    if (!on_request || !route_ || route_->counting == Counting::uncounted) return;
    on_request(*route_, status, std::chrono::duration_cast<std::chrono::microseconds>(Deadlines::now() - started_));
}

void ProxySession::refuse(int status, std::string_view reason)
{
    // What follows on this connection cannot be trusted to be the beginning of a request.
    keep_alive_ = false;
    state_ = State::exchanging;
    drop_upstream();
    answer(status, page_html({.title = std::string(status_text(status)), .detail = std::string(reason)}), {});
}

void ProxySession::answer_unknown_host()
{
    answer(404,
           page_html(
               {.title = "Nothing is served here",
                .detail = fmt::format("No preview and no environment is called {}. It may have been deleted.", host_)}),
           {});
}

void ProxySession::answer_page(const Page& page)
{
    answer(page.status, page.html, page.retry_after);
}

void ProxySession::answer_failure(int status, std::string_view reason)
{
    drop_upstream();
    answer(status,
           page_html({.title = fmt::format("{} of {} does not answer", route_->service, route_->environment),
                      .detail = fmt::format("The service {} of the environment {} cannot be reached: {}.",
                                            route_->service, route_->environment, reason),
                      .evidence = fmt::format("ramet why {}", route_->environment)}),
           {});
}

void ProxySession::answer(int status, std::string_view html, std::chrono::seconds retry_after)
{
    if (!request_done_) keep_alive_ = false;
    response_status_ = status;
    response_head_done_ = true;
    response_decoder_ = {};
    to_client_.clear();
    auto& out = to_client_.head;
    fmt::format_to(std::back_inserter(out),
                   "HTTP/1.1 {} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
                   "Cache-Control: no-store\r\nX-Robots-Tag: noindex\r\nX-Content-Type-Options: nosniff\r\n"
                   "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n",
                   status, status_text(status), html.size());
    if (retry_after.count() > 0) fmt::format_to(std::back_inserter(out), "Retry-After: {}\r\n", retry_after.count());
    if (!keep_alive_)
        out.append("Connection: close\r\n");
    else if (client_minor_version_ == 0)
        out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
    if (method_ != "HEAD") out.append(html);
    expect(site_.options.client_timeout);
    flush_response();
}

}  // namespace ramet::net
