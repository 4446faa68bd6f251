#pragma once

#include "base/result.hpp"
#include "net/headers.hpp"
#include "net/joint.hpp"
#include "net/listen.hpp"
#include "net/url.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::net {

class BodyLease;

struct Request {
    std::string method;
    /// As it was sent; `segments` is what to route by.
    std::string path;
    /// The decoded parts between the slashes.
    std::vector<std::string> segments{};
    QueryParameters query{};
    Headers headers{};
    std::string body{};
    /// The body's part of the server's `body_memory`, until the last copy of the request goes.
    std::shared_ptr<BodyLease> lease{};
    /// The peer's IP address, without the port.
    std::string remote_address{};
    /// Asked for when the server stops: handlers that wait should look at it.
    std::stop_token stop{};

    /// The first query parameter of that name, or the fallback.
    std::string_view query_value(std::string_view name, std::string_view fallback = {}) const;
};

struct Response {
    int status = 200;
    /// Without Content-Length, Connection and Date, which the server sets.
    Headers headers{};
    std::string body{};
};

class ResponseStream;
class Exchange;
struct JoinedState;

/// The open end of a streamed response. Copies lead to the same stream; any thread may use them, and none is held.
class StreamWriter {
public:
    explicit StreamWriter(std::shared_ptr<ResponseStream> stream) : stream_(std::move(stream)) {}

    /// Queues and returns at once. False when the stream is over: closed, the client left, or it read so slowly that
    /// more than `stream_buffer_limit` bytes waited for it, upon which it is cut off.
    bool write(std::string_view chunk) const;
    /// Ends the response after what was written.
    void close() const;
    /// Called once when the stream is over, whoever ended it; at once if it is. It must not block: it runs on the
    /// network's thread.
    void on_closed(std::function<void()> callback) const;

private:
    std::shared_ptr<ResponseStream> stream_;
};

/// The server's hold on a connection that became a WebSocket. Copies lead to the same one; any thread may use them.
class JoinedConnection {
public:
    explicit JoinedConnection(std::shared_ptr<JoinedState> state) : state_(std::move(state)) {}

    bool is_over() const;
    /// Says good-bye to the client and closes everything that the connection was joined with.
    void close() const;

private:
    std::shared_ptr<JoinedState> state_;
};

/// Takes the answer to one request: now or later, from any thread, once. When the last copy goes without an answer, the
/// client gets a 500.
class Responder {
public:
    explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

    void send(Response response) const;
    /// Sends status and headers and leaves the body open; `head.body`, if any, is its beginning.
    StreamWriter stream(Response head) const;
    /// Goes on as a WebSocket that is joined with these descriptors; the request must be one that `wants_web_socket`. The descriptors
    /// are closed when the connection is over, for whatever reason.
    JoinedConnection join(Request request, Joint joint) const;

private:
    std::shared_ptr<Exchange> exchange_;
};

/// Runs on a thread of the pool and may block. An exception becomes a 500.
using Handler = std::function<void(Request, Responder)>;

struct ServerOptions {
    ListenAddress listen{};
    /// Threads that run handlers.
    std::size_t workers = 8;
    /// Requests that wait for one of them; a further one gets 503.
    std::size_t queue_limit = 256;
    std::size_t connection_limit = 4096;
    std::size_t header_limit = 64U << 10U;
    std::size_t body_limit = 25U << 20U;
    /// For all bodies that are there at one time, as whoever sends them was not asked for a token yet; a large one that finds no
    /// room gets 503.
    std::size_t body_memory = 128U << 20U;
    /// The body limit of one request, known before its body is read; `body_limit` where it is not set.
    std::function<std::size_t(std::string_view method, std::string_view target)> limit_for{};
    std::size_t stream_buffer_limit = 1U << 20U;
    /// From the first byte of a request (on a new connection: from its start) to the end of its head.
    std::chrono::milliseconds head_timeout{10'000};
    /// The longest silence while a body comes in or an answer goes out.
    std::chrono::milliseconds idle_timeout{30'000};
    /// How long a connection may wait for its next request.
    std::chrono::milliseconds keep_alive_timeout{60'000};
    /// Of WebSockets: how often each is told that the server lives, and how long it may say nothing at all.
    std::chrono::milliseconds heartbeat{10'000};
    std::chrono::milliseconds silence_limit{45'000};
};

/// HTTP/1.1 for the API: the network is asynchronous on one thread, handlers run on a pool. It answers 400, 408, 413, 431,
/// 501, 503, 505 by itself. Stopped by its destructor at the latest.
class HttpServer {
public:
    /// Listens and serves. A taken port is `conflict`.
    static Result<std::unique_ptr<HttpServer>> start(ServerOptions options, Handler handler);
    ~HttpServer();

    /// The actual port, also when 0 was asked for.
    std::uint16_t port() const;
    /// Listens no more, ends streams, lets running requests end for at most `patience`, then closes what is left and
    /// waits for the handlers to return.
    void stop(std::chrono::milliseconds patience = std::chrono::seconds(5));

private:
    struct Core;
    explicit HttpServer(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace ramet::net
