#pragma once
// Private to the server: includes Asio.

#include "net/acceptor.hpp"
#include "net/body_decoder.hpp"
#include "net/body_lease.hpp"
#include "net/deadlines.hpp"
#include "net/flat_buffer.hpp"
#include "net/http_head.hpp"
#include "net/http_server.hpp"
#include "net/loop_gate.hpp"

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

namespace ramet::net {

class JoinedSocket;
class ServerConnection;
class Wire;

/// What all connections of a server share; outlives them. Belongs to the thread of the loop.
struct ServerSite {
    const ServerOptions& options;
    asio::io_context& loop;
    Deadlines& deadlines;
    std::shared_ptr<LoopGate> gate;
    std::shared_ptr<BodyMemory> body_memory;
    /// Gives a request to the pool; false when that is full.
    std::function<bool(Request, Responder)> dispatch;
    std::function<void()> on_connections_changed;
    std::unordered_set<std::shared_ptr<ServerConnection>> connections{};
    std::stop_token stop{};
    bool stopping = false;
};

/// One client: reads a request, waits for its answer, writes it, and begins again. While it waits it reads nothing, so a
/// client that sends many requests at once is held back by TCP.
class ServerConnection final : public std::enable_shared_from_this<ServerConnection>, private Timed {
public:
    ServerConnection(ServerSite& site, Accepted accepted);

    void start();
    /// The answer to the request that was dispatched.
    void answer(Response response);
    void answer_with_stream(Response head, std::shared_ptr<ResponseStream> stream);
    void flush_stream();
    /// Hands the socket over to a WebSocket; the connection stays as its place among the others.
    void join(const Request& request, Joint joint, std::shared_ptr<JoinedState> state);
    /// Ends the WebSocket in good order.
    void leave();
    void cut_off(std::string_view reason);
    /// Ends it now if it has no request to finish, else after that.
    void wind_down();
    void close();

private:
    enum class State : std::uint8_t {
        waiting,
        reading_head,
        reading_body,
        handling,
        writing,
        streaming,
        joined,
        lingering,
        closed
    };

    void read();
    void on_read(std::size_t size);
    void next_request();
    void parse_head();
    void begin_request();
    void begin_body();
    void take_body();
    void dispatch();
    bool fill_request();
    void refuse(int status, std::string_view reason);
    void write(std::string head, std::string body);
    void write_rest();
    void written();
    void end_response();
    void linger();
    void end_stream();
    void end_joint();
    void limit(std::chrono::milliseconds duration) { site_.deadlines.set_after(*this, duration); }
    void on_deadline() override;
    std::string format_head(const Response& response, std::string_view framing) const;

    ServerSite& site_;
    tcp::socket socket_;
    std::string remote_address_;
    FlatBuffer in_{16U << 10U};
    std::size_t scanned_ = 0;
    RequestHead head_{};
    BodyDecoder decoder_{};
    std::size_t body_limit_ = 0;
    Request request_{};
    std::string out_head_{};
    std::string out_body_{};
    std::size_t out_done_ = 0;
    std::shared_ptr<ResponseStream> stream_{};
    std::shared_ptr<Wire> wire_{};  ///< until it is open
    std::shared_ptr<JoinedSocket> joint_{};
    std::shared_ptr<JoinedState> joined_state_{};
    State state_ = State::waiting;
    bool reading_ = false;
    bool writing_ = false;
    bool keep_alive_ = true;
    bool is_head_request_ = false;
    bool chunks_ = false;
    bool last_chunk_written_ = false;
    std::size_t lingered_ = 0;
};

}  // namespace ramet::net
