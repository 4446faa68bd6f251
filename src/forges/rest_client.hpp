#pragma once

#include "base/json.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace ramet::forges {

/// JSON over HTTP to one forge with one token. Statuses become errors whose evidence is the forge's own words; what is not
/// JSON, too large, too late or ill-shaped is `unavailable`: a forge that talks nonsense is down, not empty.
class RestClient {
public:
    struct Options {
        std::string api_url;                              ///< without a trailing slash
        net::Headers headers{};                           ///< authorisation and accept; sent with each request
        std::chrono::milliseconds timeout{20'000};        ///< of one request
        std::chrono::milliseconds list_timeout{120'000};  ///< of all pages of one list
        std::size_t response_limit = 32U << 20U;
    };
    RestClient(net::HttpClient& http, Options options) : http_(http), options_(std::move(options)) {}

    Result<Json> get(const std::string& path) { return call("GET", path, nullptr); }
    Result<Json> post(const std::string& path, const Json& body) { return call("POST", path, &body); }
    Result<Json> patch(const std::string& path, const Json& body) { return call("PATCH", path, &body); }
    /// Gone already is success.
    Result<void> remove(const std::string& path);

    enum class Continue : bool { no, yes };
    /// Calls `each` for the elements of every page of a list, following `Link: <…>; rel="next"`; any page that fails is an error.
    Result<void> for_each(const std::string& path, const std::function<Continue(const Json&)>& each);

private:
    Result<Json> call(std::string_view method, const std::string& path, const Json* body);
    Result<net::HttpResponse> send(std::string_view method, const std::string& url, const Json* body);

    /// The URL of the page after this one; empty at the end.
    Result<std::string> next_page(const std::string& path, std::string_view link) const;

    net::HttpClient& http_;
    Options options_;
};

/// The URL of `rel="next"` in a Link header, or empty.
std::string find_next_link(std::string_view link_header);

}  // namespace ramet::forges
