#include "targets/kubernetes/api_client.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace ramet::targets::kubernetes {

namespace {

using namespace std::chrono_literals;
using Instant = std::chrono::steady_clock::time_point;

constexpr auto longest_wait = 30s;
constexpr std::size_t longest_evidence = 2000;
/// A stream is asked to send a bookmark about each minute, so that a longer silence is a dead connection.
constexpr auto longest_silence = 3min;

/// It was another object that was meant: that does not change.
bool is_about_identity(std::string_view message)
{
    return message.contains("recondition") || message.contains("uid mismatch");
}

ErrorKind kind_of(int status, std::string_view reason, std::string_view message)
{
    if (reason.empty()) return ErrorKind::unavailable;
    // An apply of what does not fit the kind's schema is told as a fault of the server's own (seen with 1.34).
    if (message.starts_with("failed to create typed patch object")) return ErrorKind::invalid;
    switch (status) {
    case 401: return ErrorKind::unauthenticated;
    case 403:
        if (message.contains("being terminated")) return ErrorKind::unavailable;
        return message.contains("exceeded quota") ? ErrorKind::refused : ErrorKind::forbidden;
    case 404: return ErrorKind::not_found;
    // Somebody was quicker (a quota in which others count at the same moment): nothing was done, and it goes another time.
    case 409: return reason == "Conflict" && !is_about_identity(message) ? ErrorKind::unavailable : ErrorKind::conflict;
    case 410: return ErrorKind::conflict;
    case 400:
    case 405:
    case 413:
    case 415:
    case 422: return ErrorKind::invalid;
    default: return ErrorKind::unavailable;
    }
}

/// Of a Status, or of whatever else the body is.
Error error_of(std::string_view what, int status, std::string_view body)
{
    const auto parsed = parse_json(body);
    const bool is_status = parsed && get_string(*parsed, "kind") == "Status";
    auto reason = is_status ? get_string(*parsed, "reason") : std::string();
    if (is_status && reason.empty()) reason = "Unknown";
    const auto message = is_status ? get_string(*parsed, "message") : std::string(body.substr(0, longest_evidence));
    return {kind_of(status, reason, message), fmt::format("the cluster answered {} to {}", status, what),
            is_status ? fmt::format("{}: {}", reason, message) : message};
}

/// An entry of managedFields: what we set in another way than by apply.
bool is_creation(const Json& owner)
{
    return get_string(owner, "manager") == field_manager && get_string(owner, "operation") == "Update" &&
           get_string(owner, "subresource").empty();
}

std::string describe(const net::HttpRequest& request, const std::string& server)
{
    const auto path = std::string_view(request.url).substr(server.size());
    return fmt::format("{} {}", request.method, path.substr(0, path.find('?')));
}

/// How long the server wants to be left alone; nothing when it did not put the request off.
std::optional<std::chrono::seconds> put_off_by(const net::HttpResponse& response)
{
    if (response.status != 429) return std::nullopt;
    const auto text = response.headers.get("retry-after");
    int seconds = 1;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::clamp<std::chrono::seconds>(std::chrono::seconds(seconds), 0s, longest_wait);
}

/// An API server that is replaced is away for a moment.
constexpr Milliseconds patience{3'000};
constexpr Milliseconds between_questions{200};

/// False when it was stopped.
bool wait_for(Milliseconds pause, const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, pause, [] { return false; });
    return !stop.stop_requested();
}

std::string with_query(const std::string& path, std::string_view query)
{
    return fmt::format("{}{}{}", path, path.contains('?') ? '&' : '?', query);
}

/// The items of a list do not say what they are: the list does ("DeploymentList").
void name_items(Json& page)
{
    auto kind = get_string(page, "kind");
    if (kind.ends_with("List")) kind.resize(kind.size() - 4);
    const auto version = get_string(page, "apiVersion");
    for (auto& item : page.as_object()["items"].as_array())
        if (auto* object = item.if_object()) {
            object->emplace("kind", kind);
            object->emplace("apiVersion", version);
        }
}

/// Takes a stream apart into its lines, each of which is an event.
class EventReader {
public:
    explicit EventReader(const ApiClient::OnEvent& on_event) : on_event_(on_event) {}

    net::Flow take(std::string_view bytes)
    {
        pending_ += bytes;
        std::size_t begin = 0;
        for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
            if (!take_line(std::string_view(pending_).substr(begin, end - begin))) return net::Flow::stop;
            begin = end + 1;
        }
        pending_.erase(0, begin);
        return net::Flow::keep;
    }
    const std::optional<Error>& error() const { return error_; }

private:
    bool take_line(std::string_view line)
    {
        const auto event = parse_json(line);
        const auto& object = event ? get_member(*event, "object") : get_member(nullptr, "");
        if (!object.is_object())
            return end(Error{ErrorKind::unavailable, "the cluster's stream of changes is broken",
                             std::string(line.substr(0, 200))});
        const auto type = get_string(*event, "type");
        if (type == "ERROR")
            return end(error_of("a watch", static_cast<int>(get_int(object, "code")), to_text(object)));
        return on_event_(type, object) == ApiClient::Continue::yes;
    }
    bool end(Error error)
    {
        error_ = std::move(error);
        return false;
    }

    const ApiClient::OnEvent& on_event_;
    std::string pending_;
    std::optional<Error> error_;
};

}  // namespace

ApiClient::ApiClient(net::HttpClient& http, Credentials& credentials, Options options)
    : http_(http), credentials_(credentials), options_(std::move(options))
{
}

Result<Json> ApiClient::get(const std::string& path, std::stop_token stop)
{
    return call({.method = "GET", .url = path}, stop);
}

Result<Json> ApiClient::get_patiently(const std::string& path, std::stop_token stop)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        auto object = get(path, stop);
        if (object || object.error().kind != ErrorKind::unavailable) return object;
        if (std::chrono::steady_clock::now() > end || !wait_for(between_questions, stop)) return object;
    }
}

Result<Json> ApiClient::create(const std::string& path, const Json& object, std::stop_token stop)
{
    return call({.method = "POST",
                 .url = with_query(path, fmt::format("fieldManager={}", field_manager)),
                 .headers = {{"Content-Type", "application/json"}},
                 .body = to_text(object)},
                stop);
}

Result<Json> ApiClient::apply(const std::string& path, const Json& object, std::stop_token stop)
{
    return call({.method = "PATCH",
                 .url = with_query(path, fmt::format("fieldManager={}&force=true", field_manager)),
                 .headers = {{"Content-Type", "application/apply-patch+yaml"}},  // JSON is YAML.
                 .body = to_text(object)},
                stop);
}

Result<Json> ApiClient::disown_creation(const std::string& path, const Json& object, std::stop_token stop)
{
    const auto& owners = get_member(get_member(object, "metadata"), "managedFields").as_array();
    const auto ours = std::ranges::find_if(owners, is_creation);
    if (ours == owners.end()) return object;
    const auto place = fmt::format("/metadata/managedFields/{}", ours - owners.begin());
    const auto test = [&](std::string_view key) {
        return json::object{
            {"op", "test"}, {"path", fmt::format("{}/{}", place, key)}, {"value", get_string(*ours, key)}};
    };
    // That entry alone: what a controller writes into the object meanwhile does not matter.
    const json::array patch{test("manager"), test("operation"), json::object{{"op", "remove"}, {"path", place}}};
    auto given_up = call({.method = "PATCH",
                          .url = path,
                          .headers = {{"Content-Type", "application/json-patch+json"}},
                          .body = to_text(patch)},
                         stop);
    // A test that does not hold is told as an invalid request (seen with 1.34): the object is not as it was.
    if (given_up || given_up.error().kind != ErrorKind::invalid) return given_up;
    return fail(ErrorKind::conflict, "{}", given_up.error().message);
}

bool is_owned_as_created(const Json& object)
{
    const auto& owners = get_member(get_member(object, "metadata"), "managedFields");
    return owners.is_array() && std::ranges::any_of(owners.get_array(), is_creation);
}

Result<Json> ApiClient::remove(const std::string& path, const Removal& removal, std::stop_token stop)
{
    json::object conditions;
    if (!removal.uid.empty()) conditions["uid"] = removal.uid;
    if (!removal.resource_version.empty()) conditions["resourceVersion"] = removal.resource_version;
    const json::object options{{"apiVersion", "v1"},
                               {"kind", "DeleteOptions"},
                               {"propagationPolicy", removal.propagation},
                               {"preconditions", std::move(conditions)}};
    return call(
        {.method = "DELETE", .url = path, .headers = {{"Content-Type", "application/json"}}, .body = to_text(options)},
        stop);
}

Result<std::string> ApiClient::list(const std::string& path, const std::function<void(const Json&)>& each,
                                    std::stop_token stop)
{
    std::string next;
    while (true) {
        auto query = fmt::format("limit={}", options_.page);
        if (!next.empty()) query += "&continue=" + next;
        auto page = TRY(get(with_query(path, query), stop));
        if (!get_member(page, "items").is_array())
            return fail(ErrorKind::unavailable, "the cluster's answer to GET {} is not a list", path);
        name_items(page);
        for (const auto& item : get_member(page, "items").get_array()) each(item);
        const auto& metadata = get_member(page, "metadata");
        // A token of letters, digits, "-" and "_": it goes back as it came.
        next = get_string(metadata, "continue");
        if (next.empty()) return get_string(metadata, "resourceVersion");
    }
}

Result<void> ApiClient::watch(const std::string& path, const std::string& resource_version, const OnEvent& on_event,
                              std::stop_token stop)
{
    EventReader reader(on_event);
    net::HttpRequest request{
        .method = "GET",
        .url =
            with_query(path, fmt::format("watch=true&allowWatchBookmarks=true&resourceVersion={}", resource_version)),
        .idle_timeout = longest_silence};
    const net::OnChunk on_chunk = [&](std::string_view bytes) { return reader.take(bytes); };
    TRY(send(request, &on_chunk, stop));
    if (reader.error()) return std::unexpected(*reader.error());
    return {};
}

Result<void> ApiClient::read_stream(const std::string& path, const net::OnChunk& on_chunk, std::stop_token stop)
{
    net::HttpRequest request{.method = "GET", .url = path};
    TRY(send(request, &on_chunk, stop));
    return {};
}

Result<net::WebSocketRequest> ApiClient::prepare_web_socket(const std::string& path)
{
    net::WebSocketRequest request{.url = options_.server + path,
                                  .timeout = options_.timeout,
                                  .authorities_pem = options_.authorities_pem,
                                  .certificate_pem = options_.certificate_pem,
                                  .key_pem = options_.key_pem};
    if (const auto value = TRY(credentials_.authorization()); !value.empty())
        request.headers.set("Authorization", value);
    return request;
}

Error ApiClient::refusal_of(const net::WebSocketRequest& request, int status, std::string_view body) const
{
    return error_of(describe({.method = "GET", .url = request.url}, options_.server), status, body);
}

Result<Json> ApiClient::call(net::HttpRequest request, const std::stop_token& stop)
{
    const auto response = TRY(send(request, nullptr, stop));
    auto parsed = parse_json(response.body);
    if (!parsed)
        return std::unexpected(
            Error{ErrorKind::unavailable,
                  fmt::format("the cluster's answer to {} is not JSON", describe(request, options_.server)),
                  response.body.substr(0, 200)});
    return parsed;
}

Result<net::HttpResponse> ApiClient::send(net::HttpRequest& request, const net::OnChunk* on_chunk,
                                          const std::stop_token& stop)
{
    request.url = options_.server + request.url;
    request.timeout = options_.timeout;
    const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
    while (true) {
        auto response = TRY(send_once(request, on_chunk, stop));
        if (response.status >= 200 && response.status < 300) return response;
        const auto pause = put_off_by(response);
        const bool is_in_time = pause && std::chrono::steady_clock::now() + *pause < deadline;
        if (!is_in_time || !wait_for(*pause, stop))
            return std::unexpected(error_of(describe(request, options_.server), response.status, response.body));
    }
}

/// Twice where the credentials are over and can be renewed.
Result<net::HttpResponse> ApiClient::send_once(net::HttpRequest& request, const net::OnChunk* on_chunk,
                                               const std::stop_token& stop)
{
    const auto once = [&]() -> Result<net::HttpResponse> {
        if (const auto value = TRY(credentials_.authorization()); !value.empty())
            request.headers.set("Authorization", value);
        return on_chunk ? http_.send_streaming(request, *on_chunk, stop) : http_.send(request, stop);
    };
    auto response = once();
    if (response && response->status == 401 && credentials_.renew()) return once();
    return response;
}

bool has_reason(const Error& error, std::string_view reason)
{
    return error.evidence.starts_with(reason) && error.evidence.substr(reason.size()).starts_with(": ");
}

}  // namespace ramet::targets::kubernetes
