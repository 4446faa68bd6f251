#include "forges/rest_client.hpp"

#include "base/text.hpp"

namespace ramet::forges {

namespace {

ErrorKind kind_of_status(int status)
{
    switch (status) {
    case 401: return ErrorKind::unauthenticated;
    case 403: return ErrorKind::forbidden;
    case 404:
    case 410: return ErrorKind::not_found;
    case 409:
    case 412: return ErrorKind::conflict;
    case 400:
    case 422: return ErrorKind::invalid;
    default: return ErrorKind::unavailable;
    }
}

// GitHub answers 403 with these headers when the token's budget is used up: that passes, so it is no refusal.
bool is_rate_limited(const net::HttpResponse& response)
{
    return response.status == 429
           || (response.status == 403
               && (response.headers.contains("retry-after") || response.headers.get("x-ratelimit-remaining") == "0"));
}

Error error_of(std::string_view method, std::string_view url, const net::HttpResponse& response)
{
    const auto kind = is_rate_limited(response) ? ErrorKind::unavailable : kind_of_status(response.status);
    Error error{kind, fmt::format("the Git host answered {} to {} {}", response.status, method, url),
                std::string(std::string_view(response.body).substr(0, 500))};
    if (kind == ErrorKind::unauthenticated) error.next_step = "give a token that is valid: ramet git connect … < token";
    if (kind == ErrorKind::forbidden) error.next_step = "give the token the right to read and write the repository, its issues and statuses";
    return error;
}

}  // namespace

Result<net::HttpResponse> RestClient::send(std::string_view method, const std::string& url, const Json* body,
                                           const net::Headers& extra)
{
    net::HttpRequest request{.method = std::string(method), .url = url, .headers = options_.headers};
    for (const auto& field : extra) request.headers.set(field.name, field.value);
    request.timeout = std::chrono::seconds(20);
    if (body != nullptr) {
        request.headers.set("Content-Type", "application/json");
        request.body = to_text(*body);
    }
    auto response = TRY(http_.send(request));
    if (response.status < 200 || response.status >= 300) return std::unexpected(error_of(method, url, response));
    return response;
}

Result<Json> RestClient::call(std::string_view method, const std::string& path, const Json* body)
{
    const auto response = TRY(send(method, options_.api_url + path, body, {}));
    if (response.body.empty()) return Json(nullptr);
    auto parsed = parse_json(response.body);
    if (!parsed)
        return std::unexpected(Error{ErrorKind::unavailable, fmt::format("the Git host's answer to {} {} is not JSON", method, path),
                                     std::string(std::string_view(response.body).substr(0, 200))});
    return parsed;
}

Result<std::string> RestClient::get_raw(const std::string& path, const net::Headers& extra)
{
    auto response = TRY(send("GET", options_.api_url + path, nullptr, extra));
    return std::move(response.body);
}

Result<void> RestClient::remove(const std::string& path)
{
    const auto response = send("DELETE", options_.api_url + path, nullptr, {});
    if (!response && response.error().kind != ErrorKind::not_found) return std::unexpected(response.error());
    return {};
}

Result<void> RestClient::for_each(const std::string& path, const std::function<Continue(const Json&)>& each)
{
    // A list that never ends is nonsense, not a reason to loop for ever.
    constexpr int page_limit = 1000;
    auto url = options_.api_url + path;
    for (int page = 0; page < page_limit; ++page) {
        const auto response = TRY(send("GET", url, nullptr, {}));
        const auto list = parse_json(response.body);
        if (!list || !list->is_array())
            return fail(ErrorKind::unavailable, "the Git host's answer to GET {} is not a list", path);
        for (const auto& element : list->as_array())
            if (each(element) == Continue::no) return {};
        auto next = find_next_link(response.headers.get("link"));
        if (next.empty()) return {};
        // The token must not follow a link to another host.
        if (!next.starts_with(options_.api_url + "/"))
            return fail(ErrorKind::unavailable, "the Git host's next page is elsewhere: {}", next);
        url = std::move(next);
    }
    return fail(ErrorKind::unavailable, "the Git host's list {} has more than {} pages", path, page_limit);
}

std::string find_next_link(std::string_view link_header)
{
    for (const auto& part : split(link_header, ',')) {
        const auto open = part.find('<');
        const auto close = part.find('>');
        if (open == std::string::npos || close == std::string::npos || close < open) continue;
        if (part.find("rel=\"next\"", close) != std::string::npos) return part.substr(open + 1, close - open - 1);
    }
    return {};
}

std::string encode_path(std::string_view text, Slash slash)
{
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        if (unreserved.find(c) != std::string_view::npos || (c == '/' && slash == Slash::keep)) encoded += c;
        else encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

}  // namespace ramet::forges
