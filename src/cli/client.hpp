#pragma once

#include "base/json.hpp"
#include "base/secret_bytes.hpp"
#include "net/http_client.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ramet::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

/// "/a/b%20c?x=1": path segments are encoded by the caller where they are names; empty query values are left out.
std::string with_query(std::string path, const Query& query);
/// One path segment.
std::string segment(std::string_view name);

/// The server's API with one token. Problems come back as the errors they were.
class ApiClient {
public:
    ApiClient(net::HttpClient& http, std::string url, SecretBytes token)
        : http_(http), url_(std::move(url)), token_(std::move(token))
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

    const std::string& url() const { return url_; }

private:
    net::HttpRequest request(std::string_view method, const std::string& path, std::string body) const;

    net::HttpClient& http_;
    std::string url_;
    SecretBytes token_;
};

/// What a problem body (RFC 9457) says, else `internal` with the body as evidence.
Error read_problem(int status, std::string_view body);

}  // namespace ramet::cli
