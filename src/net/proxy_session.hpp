#pragma once
// Private to the proxy: includes Asio.

#include "net/acceptor.hpp"
#include "net/body_decoder.hpp"
#include "net/forward_head.hpp"
#include "net/outgoing.hpp"
#include "net/pages.hpp"
#include "net/upstream.hpp"

#include <memory>
#include <string>
#include <unordered_set>

namespace ramet::net {

class ProxySession;

/// What all sessions of one thread share; outlives them.
struct ProxySite {
    const ProxyOptions& options;
    asio::io_context& loop;
    Deadlines& deadlines;
    UpstreamPool& upstreams;
    RouteReader routes;
    std::unordered_set<std::shared_ptr<ProxySession>> sessions{};
    std::function<void()> on_empty{};
    bool stopping = false;
};

/// One client's connection, and the request that is passed through at the moment. Both directions have one buffer each,
/// which is not filled again before it was passed on. Small requests and responses leave with a single system call.
///
/// proxy_session.cpp has the client's side and the proxy's own answers, proxy_exchange.cpp the way to the service and back.
class ProxySession final : public std::enable_shared_from_this<ProxySession>, private Timed, private UpstreamUser {
public:
    ProxySession(ProxySite& site, Accepted accepted);

    void start();
    /// Ends it now if it has no request to finish, else after that.
    void wind_down();
    void close();

private:
    enum class State : std::uint8_t { waiting, reading_head, exchanging, lingering, closed };

    // -- the client
    void read_client();
    void on_client_read(std::size_t size);
    void on_client_end();
    void parse_request();
    void begin_request();
    void next_request();
    void linger();
    void leave();
    void limit(std::chrono::milliseconds duration);
    void expect(std::chrono::milliseconds duration);
    void on_deadline() override;
    void on_exchange_deadline();
    void watch_client();
    void report(int status);

    // -- the proxy's own answers
    void refuse(int status, std::string_view reason);
    void answer_unknown_host();
    void answer_page(const Page& page);
    void answer_failure(int status, std::string_view reason);
    void answer(int status, std::string_view html, std::chrono::seconds retry_after);

    // -- request: client → service
    void begin_exchange();
    void connect_fresh();
    void on_upstream_connected(ErrorCode error) override;
    void send_request();
    void flush_request();
    void request_piece_sent();
    void pump_request();

    // -- response: service → client
    void on_upstream_read(ErrorCode error, std::size_t size) override;
    void on_upstream_end(ErrorCode error);
    void parse_response();
    bool pass_interim();
    void begin_response();
    void begin_tunnel();
    void pump_response();
    void flush_response();
    void response_piece_sent();
    void finish_response();
    void cut();
    void drop_upstream();

    ProxySite& site_;
    tcp::socket client_;
    std::string client_address_;
    FlatBuffer in_{buffer_size};
    std::size_t request_scanned_ = 0;
    RequestHead request_{};
    BodyDecoder request_decoder_{};
    Outgoing to_upstream_{};
    std::size_t request_consumed_ = 0;

    std::shared_ptr<UpstreamConnection> upstream_{};
    std::size_t response_scanned_ = 0;
    ResponseHead response_{};
    BodyDecoder response_decoder_{};
    Outgoing to_client_{};
    std::size_t response_consumed_ = 0;

    std::shared_ptr<const Route> route_{};
    std::string host_{};
    std::string method_{};
    Instant started_{};
    /// When the exchange is given up; the deadline itself comes earlier, to look whether the client is still there.
    Instant patience_end_{};
    std::uint64_t exchange_ = 0;
    int response_status_ = 0;
    int client_minor_version_ = 1;
    State state_ = State::waiting;
    Framing request_framing_ = Framing::plain;
    Framing response_framing_ = Framing::plain;
    bool keep_alive_ = true;
    bool upstream_keep_alive_ = false;
    bool replayable_ = false;
    bool connected_ = false;
    bool expects_continue_ = false;
    bool request_done_ = false;
    bool request_blocked_ = false;
    bool response_started_ = false;
    bool response_head_done_ = false;
    bool wants_tunnel_ = false;
    bool tunnel_ = false;
    bool reading_client_ = false;
    bool watching_client_ = false;
    std::size_t lingered_ = 0;

    static constexpr std::size_t buffer_size = 8U << 10U;
    static constexpr std::size_t large_buffer_size = 64U << 10U;
};

}  // namespace ramet::net
