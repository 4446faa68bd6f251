#include "forges/rest_client.hpp"

#include "base/text.hpp"
#include "forges/plain_text.hpp"

#include <algorithm>
#include <set>

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

// GitHub answers 403 when the token's budget is used up: that passes, so it is no refusal. Its documentation on rate limits
// names these two headers, and no header at all for the secondary limit, only words.
bool is_rate_limited(const net::HttpResponse& response)
{
    return response.status == 429 || (response.status == 403 && (response.headers.contains("retry-after") ||
                                                                 response.headers.get("x-ratelimit-remaining") == "0" ||
                                                                 response.body.contains("rate limit")));
}

// Both forges tell their refusals as {"message": …}. Anything else (a page of a proxy or of a login portal) says nothing
// about the repository: a 404 from there must not be taken for a pull request that is gone.
bool is_forges_own_word(const net::HttpResponse& response)
{
    const auto body = parse_json(response.body);
    return body && get_member(*body, "message").is_string();
}

ErrorKind kind_of(const net::HttpResponse& response)
{
    if (is_rate_limited(response) || !is_forges_own_word(response)) return ErrorKind::unavailable;
    return kind_of_status(response.status);
}

std::string next_step_of(ErrorKind kind, const net::HttpResponse& response)
{
    if (kind == ErrorKind::unauthenticated) return "give a token that is valid: ramet git connect … < token";
    if (kind == ErrorKind::forbidden)
        return "give the token the right to read and write the repository, its issues and statuses";
    if (response.status >= 300 && response.status < 400)
        return "if the repository was renamed or moved, connect it by its new name";
    if (is_rate_limited(response)) return "nothing: Ramet tries again when the Git host's rate limit allows it";
    return {};
}

Result<RestClient::Continue> for_each_element(std::string_view page, std::string_view path,
                                              const std::function<RestClient::Continue(const Json&)>& each)
{
    const auto list = parse_json(page);
    if (!list || !list->is_array() ||
        !std::ranges::all_of(list->as_array(), [](const Json& e) { return e.is_object(); }))
        return std::unexpected(Error{ErrorKind::unavailable,
                                     fmt::format("the Git host's answer to GET {} is not a list of objects", path),
                                     std::string(cut_text(clean_text(page), 200))});
    for (const auto& element : list->as_array())
        if (each(element) == RestClient::Continue::no) return RestClient::Continue::no;
    return RestClient::Continue::yes;
}

Error error_of(std::string_view method, std::string_view url, const net::HttpResponse& response)
{
    const auto kind = kind_of(response);
    return Error{kind, fmt::format("the Git host answered {} to {} {}", response.status, method, url),
                 std::string(cut_text(clean_text(response.body), 500)), next_step_of(kind, response)};
}

// A host that is slow or floods is down, as far as anybody who asks it is concerned; what Ramet itself refuses stays refused.
Error outage_of(Error error)
{
    if (error.kind == ErrorKind::timeout || error.kind == ErrorKind::refused) error.kind = ErrorKind::unavailable;
    return error;
}

// curl removes "." and ".." segments before it sends a URL, so that such a name would reach another resource.
bool has_dot_segment(std::string_view url)
{
    const auto segments = split(url.substr(0, url.find('?')), '/');
    return std::ranges::any_of(segments, [](const auto& segment) { return segment == "." || segment == ".."; });
}

bool names_next(std::string_view parameters)
{
    for (const auto& parameter : split(parameters, ';')) {
        const auto lower = to_lower(trim(std::string_view(parameter).substr(0, parameter.find(','))));
        if (lower == "rel=next" || lower == "rel=\"next\"") return true;
    }
    return false;
}

std::string_view path_of(std::string_view url)
{
    return url.substr(0, url.find('?'));
}

}  // namespace

Result<net::HttpResponse> RestClient::send(std::string_view method, const std::string& url, const Json* body)
{
    if (has_dot_segment(url)) return fail(ErrorKind::invalid, "a name in {} is . or ..", url);
    net::HttpRequest request{.method = std::string(method), .url = url, .headers = options_.headers};
    request.timeout = options_.timeout;
    request.response_limit = options_.response_limit;
    if (body != nullptr) {
        request.headers.set("Content-Type", "application/json");
        request.body = to_text(*body);
    }
    auto response = http_.send(request);
    if (!response) return std::unexpected(outage_of(std::move(response).error()));
    if (response->status < 200 || response->status >= 300) return std::unexpected(error_of(method, url, *response));
    return response;
}

Result<Json> RestClient::call(std::string_view method, const std::string& path, const Json* body)
{
    const auto response = TRY(send(method, options_.api_url + path, body));
    if (response.body.empty()) return Json(nullptr);
    auto parsed = parse_json(response.body);
    if (!parsed)
        return std::unexpected(Error{ErrorKind::unavailable,
                                     fmt::format("the Git host's answer to {} {} is not JSON", method, path),
                                     std::string(cut_text(clean_text(response.body), 200))});
    return parsed;
}

Result<void> RestClient::remove(const std::string& path)
{
    const auto response = send("DELETE", options_.api_url + path, nullptr);
    if (!response && response.error().kind != ErrorKind::not_found) return std::unexpected(response.error());
    return {};
}

Result<std::string> RestClient::next_page(const std::string& path, std::string_view link) const
{
    const auto next = find_next_link(link);
    if (next.empty() || next.starts_with(options_.api_url + "/")) return next;
    // Gitea builds its links from its configured public address, which need not be the one that Ramet reaches it by: the same
    // list is asked for here, by the link's query. The token never follows a link to another host.
    if (path_of(next).ends_with(path_of(path)) && next.contains('?'))
        return options_.api_url + std::string(path_of(path)) + next.substr(next.find('?'));
    return fail(ErrorKind::unavailable, "the Git host's next page of {} is elsewhere: {}", path, next);
}

Result<void> RestClient::for_each(const std::string& path, const std::function<Continue(const Json&)>& each)
{
    // A list that never ends is nonsense, not a reason to loop for ever.
    constexpr int page_limit = 500;
    const auto deadline = std::chrono::steady_clock::now() + options_.list_timeout;
    std::set<std::string> seen;
    for (auto url = options_.api_url + path; !url.empty();) {
        if (!seen.insert(url).second || seen.size() > page_limit)
            return fail(ErrorKind::unavailable, "the Git host's list {} does not end ({} pages)", path, seen.size());
        if (std::chrono::steady_clock::now() > deadline)
            return fail(ErrorKind::unavailable, "the Git host's list {} took too long ({} pages)", path, seen.size());
        const auto response = TRY(send("GET", url, nullptr));
        if (TRY(for_each_element(response.body, path, each)) == Continue::no) return {};
        url = TRY(next_page(path, response.headers.get("link")));
    }
    return {};
}

std::string find_next_link(std::string_view link_header)
{
    // RFC 8288: <target>; parameter; …, <target>; … A target may hold commas.
    while (true) {
        const auto open = link_header.find('<');
        const auto close = link_header.find('>', open == std::string_view::npos ? 0 : open);
        if (open == std::string_view::npos || close == std::string_view::npos) return {};
        const auto end = std::min(link_header.find('<', close), link_header.size());
        if (names_next(link_header.substr(close + 1, end - close - 1)))
            return std::string(link_header.substr(open + 1, close - open - 1));
        link_header.remove_prefix(end);
    }
}

}  // namespace ramet::forges
