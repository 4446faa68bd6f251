#pragma once

#include "base/file.hpp"
#include "base/result.hpp"
#include "net/address.hpp"
#include "net/headers.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace ramet::net {

struct HttpRequest {
    std::string method = "GET";
    /// http:// or https://, with the query already encoded.
    std::string url;
    Headers headers{};
    std::string body{};
    /// For the whole exchange; of a streamed one until its first byte.
    std::chrono::milliseconds timeout{30'000};
    /// Streamed only: the longest silence between two chunks; zero waits for ever.
    std::chrono::milliseconds idle_timeout{0};
    /// A larger body is `refused`.
    std::size_t response_limit = 64U << 20U;
    /// How many redirects are followed; none unless asked for.
    int redirects = 0;
};

struct HttpResponse {
    int status = 0;
    Headers headers{};
    std::string body{};
};

enum class Flow : bool { keep, stop };
/// Gets each piece of a streamed body as it arrives, on the calling thread.
using OnChunk = std::function<Flow(std::string_view)>;

/// The evidence of an `unavailable` for which no connection was made: the request cannot have arrived.
inline constexpr std::string_view nothing_was_sent = "no connection was made: nothing was sent";

/// Blocking HTTP, for any number of threads. A status is a value, whatever it is; errors are `unavailable` (no
/// connection, broken transfer, untrusted certificate), `timeout`, `cancelled`, `invalid` (the URL or a header),
/// `egress_denied` and `refused` (response too large). Errors name method, host and path, never the query.
class HttpClient {
public:
    virtual ~HttpClient() = default;

    virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop = {}) = 0;

    /// For server-sent events and logs. The body of a 2xx goes to `on_chunk`, any other is kept in the response.
    /// Success when the body ended or `on_chunk` said stop.
    virtual Result<HttpResponse> send_streaming(const HttpRequest& request, const OnChunk& on_chunk,
                                                std::stop_token stop = {}) = 0;
};

struct CurlOptions {
    AddressPolicy addresses = AddressPolicy::anywhere;
    /// Connects to this socket instead of the URL's host.
    Path unix_socket{};
    std::chrono::milliseconds connect_timeout{10'000};
    /// Trusts these certificates (PEM) and no others; the system's when empty.
    std::string authorities_pem{};
    /// Client certificate and its key, PEM.
    std::string certificate_pem{};
    std::string key_pem{};
    std::string user_agent = "ramet";
    /// Idle connections kept for reuse: one handle each.
    std::size_t idle_handles = 8;
};

/// HttpClient on libcurl. Certificates are always verified; proxies from the environment are not used, since they would
/// connect where the address policy cannot look.
class CurlClient final : public HttpClient {
public:
    explicit CurlClient(CurlOptions options = {});
    ~CurlClient() override;

    Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop = {}) override;
    Result<HttpResponse> send_streaming(const HttpRequest& request, const OnChunk& on_chunk,
                                        std::stop_token stop = {}) override;

private:
    class Pool;
    CurlOptions options_;
    std::unique_ptr<Pool> pool_;
};

}  // namespace ramet::net
