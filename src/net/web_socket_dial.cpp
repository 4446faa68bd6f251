#include "net/web_socket_dial.hpp"

#include "net/beast_wire.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <vector>

namespace ramet::net {

namespace {

namespace ssl = boost::asio::ssl;
namespace http = boost::beast::http;
using Secure = ssl::stream<tcp::socket>;

std::vector<tcp::endpoint> endpoints_of(const Reachable& reachable)
{
    std::vector<tcp::endpoint> endpoints;
    for (const auto& address : reachable.addresses) {
        ErrorCode error;
        const auto parsed = asio::ip::make_address(address, error);
        if (!error) endpoints.emplace_back(parsed, reachable.port);
    }
    return endpoints;
}

/// One attempt. Holds itself while something is under way.
template <typename Transport>
class Dial final : public std::enable_shared_from_this<Dial<Transport>> {
public:
    using OnDone = std::function<void(Result<Dialled>)>;

    template <typename... Arguments>
    Dial(asio::io_context& loop, std::shared_ptr<const DialPlace> place, const WebSocketRequest& request,
         OnDone on_done, Arguments&&... arguments)
        : place_(std::move(place)), headers_(request.headers), on_done_(std::move(on_done)), deadline_(loop),
          wire_(std::make_shared<BeastWire<Transport>>(options_of(request), std::forward<Arguments>(arguments)...))
    {
        deadline_.expires_after(request.timeout);
    }

    BeastWire<Transport>& wire() { return *wire_; }

    void start()
    {
        deadline_.async_wait([weak = this->weak_from_this()](ErrorCode error) {
            if (const auto self = weak.lock(); self && !error) self->give_up(ErrorKind::timeout, "no answer in time");
        });
        auto endpoints = std::make_shared<std::vector<tcp::endpoint>>(endpoints_of(place_->reachable));
        asio::async_connect(beast::get_lowest_layer(wire_->stream()), *endpoints,
                            [self = this->shared_from_this(), endpoints](ErrorCode error, const tcp::endpoint&) {
                                if (error) return self->give_up(ErrorKind::unavailable, error.message());
                                self->secure_it();
                            });
    }

private:
    static WireOptions options_of(const WebSocketRequest& request)
    {
        WireOptions options;
        options.heartbeat_ms = static_cast<int>(request.heartbeat.count());
        options.silence_ms = static_cast<int>(request.silence_limit.count());
        return options;
    }

    void secure_it()
    {
        ErrorCode ignored;
        beast::get_lowest_layer(wire_->stream()).set_option(tcp::no_delay(true), ignored);
        if constexpr (std::is_same_v<Transport, Secure>) {
            wire_->stream().next_layer().async_handshake(
                ssl::stream_base::client, [self = this->shared_from_this()](ErrorCode error) {
                    if (error) return self->give_up(ErrorKind::unavailable, error.message());
                    self->upgrade();
                });
        } else {
            upgrade();
        }
    }

    void upgrade()
    {
        wire_->stream().set_option(
            websocket::stream_base::decorator([headers = headers_](websocket::request_type& request) {
                request.set(http::field::user_agent, "ramet");
                for (const auto& [name, value] : headers) request.set(name, value);
            }));
        wire_->stream().async_handshake(response_, place_->host_field, place_->target,
                                        [self = this->shared_from_this()](ErrorCode error) { self->conclude(error); });
    }

    void conclude(ErrorCode error)
    {
        if (!error) return done(Dialled(std::shared_ptr<Wire>(std::move(wire_))));
        if (error == websocket::error::upgrade_declined)
            return done(Dialled(
                WebSocketOutcome{.status = static_cast<int>(response_.result_int()), .body = response_.body()}));
        give_up(ErrorKind::unavailable, error.message());
    }

    void give_up(ErrorKind kind, std::string_view reason) { done(fail(kind, "{}: {}", place_->description, reason)); }

    void done(Result<Dialled> result)
    {
        deadline_.cancel();
        if (wire_) wire_->abort();
        if (const auto tell = std::exchange(on_done_, nullptr)) tell(std::move(result));
    }

    std::shared_ptr<const DialPlace> place_;
    Headers headers_;
    OnDone on_done_;
    asio::steady_timer deadline_;
    std::shared_ptr<BeastWire<Transport>> wire_;
    websocket::response_type response_{};
};

/// A context that verifies, with the system's certificates or the given ones.
Result<ssl::context> make_context(const WebSocketRequest& request)
{
    ssl::context context(ssl::context::tls_client);
    ErrorCode error;
    if (request.authorities_pem.empty())
        context.set_default_verify_paths(error);
    else
        context.add_certificate_authority(asio::buffer(request.authorities_pem), error);
    if (error) return fail(ErrorKind::invalid, "the certificates to trust cannot be read: {}", error.message());
    context.set_verify_mode(ssl::verify_peer);
    if (request.certificate_pem.empty()) return context;
    context.use_certificate_chain(asio::buffer(request.certificate_pem), error);
    if (!error) context.use_private_key(asio::buffer(request.key_pem), ssl::context::pem, error);
    if (error) return fail(ErrorKind::invalid, "our own certificate cannot be read: {}", error.message());
    return context;
}

}  // namespace

Result<DialPlace> find_place(const WebSocketRequest& request)
{
    DialPlace place;
    place.is_secure = request.url.starts_with("https://");
    const auto scheme_end = request.url.find("://");
    if (!place.is_secure && !request.url.starts_with("http://"))
        return fail(ErrorKind::invalid, "\"{}\" is not an http or https URL",
                    request.url.substr(0, request.url.find('?')));
    const auto path = request.url.find_first_of("/?", scheme_end + 3);
    place.host_field = request.url.substr(scheme_end + 3, path == std::string::npos ? path : path - scheme_end - 3);
    place.target = path == std::string::npos ? "/" : request.url.substr(path);
    place.description = fmt::format("GET {}", request.url.substr(0, request.url.find('?')));
    place.reachable = TRY(check_reachable(request.url, AddressPolicy::anywhere));
    return place;
}

void dial(asio::io_context& loop, std::shared_ptr<const DialPlace> place, const WebSocketRequest& request,
          std::function<void(Result<Dialled>)> on_done)
{
    if (!place->is_secure)
        return std::make_shared<Dial<tcp::socket>>(loop, std::move(place), request, std::move(on_done), loop)->start();
    auto context = make_context(request);
    if (!context) return on_done(std::unexpected(context.error()));
    const auto host = place->reachable.host;
    const auto attempt =
        std::make_shared<Dial<Secure>>(loop, std::move(place), request, std::move(on_done), loop, *context);
    // The stream keeps what it needs of the context.
    auto& stream = attempt->wire().stream().next_layer();
    stream.set_verify_callback(ssl::host_name_verification(host));
    ::SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    attempt->start();
}

}  // namespace ramet::net
