#pragma once

#include "base/json.hpp"
#include "base/secret_bytes.hpp"
#include "net/http_client.hpp"
#include "net/web_socket_client.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ramet::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

/// "/a/b%20c?x=1": path segments are encoded by the caller where they are names; empty query values are left out.
std::string with_query(std::string path, const Query& query);
/// One path segment.
std::string segment(std::string_view name);

/// How a POST whose answer was lost is asked again.
struct Repeats {
    std::chrono::milliseconds first_delay{200};  ///< doubled each time
    std::chrono::milliseconds longest_delay{2'000};
    std::chrono::milliseconds patience{15'000};  ///< for a server that does not answer: as long as a restart takes
};

/// The server's API with one token. Problems come back as the errors they were. Each POST has an Idempotency-Key: when the
/// answer is lost it is asked again, and never done twice.
class ApiClient {
public:
    ApiClient(net::HttpClient& http, std::string url, SecretBytes token, Repeats repeats = {})
        : http_(http), url_(std::move(url)), token_(std::move(token)), repeats_(repeats)
    {
    }

    Result<Json> get(const std::string& path) { return call("GET", path, {}); }
    Result<Json> post(const std::string& path, const Json& body = {});
    Result<Json> put(const std::string& path, const Json& body);
    Result<Json> remove(const std::string& path) { return call("DELETE", path, {}); }
    /// The body as it is: for secrets.
    Result<Json> put_raw(const std::string& path, const SecretBytes& body);
    Result<Json> call(std::string_view method, const std::string& path, std::string body);
    Result<void> stream(const std::string& path, const net::OnChunk& on_chunk);

    /// Asks an address for WebSockets whether it could be joined; the error says why not.
    Result<void> check_web_socket(const std::string& path);
    /// What joins it, with the token.
    net::WebSocketRequest web_socket(const std::string& path) const;

    const std::string& url() const { return url_; }

private:
    net::HttpRequest request(std::string_view method, const std::string& path, std::string body) const;
    Result<net::HttpResponse> send_once(net::HttpRequest request);

    net::HttpClient& http_;
    std::string url_;
    SecretBytes token_;
    Repeats repeats_;
};

/// What a problem body (RFC 9457) says, else `internal` with the body as evidence.
Error read_problem(int status, std::string_view body);

}  // namespace ramet::cli
