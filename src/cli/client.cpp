#include "cli/client.hpp"

#include "base/random.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <thread>

namespace ramet::cli {

namespace {

// A command that changes something may have to wait for a lock or a Git host before it is accepted.
constexpr auto call_timeout = std::chrono::minutes(5);

std::string random_key()
{
    SystemRandom random;
    return random_hex(random, 16);
}

/// The connection broke after the request may have arrived.
bool is_lost(const Result<net::HttpResponse>& answer)
{
    return !answer && answer.error().kind == ErrorKind::unavailable && answer.error().evidence != net::nothing_was_sent;
}

/// The server still works on the request that came first.
bool is_running(const Result<net::HttpResponse>& answer)
{
    return answer && answer->status == 409 && answer->headers.contains("Retry-After");
}

}  // namespace

std::string segment(std::string_view name)
{
    return net::encode_percent(name);
}

std::string with_query(std::string path, const Query& query)
{
    char separator = '?';
    for (const auto& [key, value] : query) {
        if (value.empty()) continue;
        path += separator + net::encode_percent(key) + "=" + net::encode_percent(value);
        separator = '&';
    }
    return path;
}

Error read_problem(int status, std::string_view body)
{
    const auto problem = parse_json(body);
    if (!problem || !problem->is_object() || get_string(*problem, "code").empty())
        return Error{ErrorKind::internal, fmt::format("the server answered {} without saying why", status),
                     std::string(body.substr(0, 500)), "is RAMET_URL the address of a Ramet server?"};
    const auto code = get_string(*problem, "code");
    Error error{code == "integrity_error" ? ErrorKind::integrity : parse_error_kind(code),
                get_string(*problem, "detail"), get_string(*problem, "evidence"), get_string(*problem, "next_step")};
    const auto& errors = get_member(*problem, "errors");
    if (errors.is_array() && !errors.as_array().empty())
        error.where = get_string(errors.as_array().front(), "pointer", get_string(errors.as_array().front(), "where"));
    return error;
}

net::HttpRequest ApiClient::request(std::string_view method, const std::string& path, std::string body) const
{
    net::HttpRequest made{
        .method = std::string(method), .url = url_ + path, .body = std::move(body), .timeout = call_timeout};
    if (!token_.empty()) made.headers.set("Authorization", fmt::format("Bearer {}", token_.reveal()));
    made.headers.set("Accept", "application/json");
    return made;
}

/// The first answer that comes. Once an answer was lost the server may be starting again: not even a connection is no answer then.
Result<net::HttpResponse> ApiClient::send_once(net::HttpRequest request)
{
    using Instant = std::chrono::steady_clock;
    request.headers.set("Idempotency-Key", random_key());
    auto answer = http_.send(request);
    auto delay = repeats_.first_delay;
    auto last_sign_of_life = Instant::now();
    const auto end = last_sign_of_life + call_timeout;
    for (bool was_lost = is_lost(answer); was_lost && (!answer || is_running(answer));) {
        const auto now = Instant::now();
        if (answer) last_sign_of_life = now;
        if (now - last_sign_of_life > repeats_.patience || now > end) break;
        std::this_thread::sleep_for(delay);
        delay = std::min(delay * 2, repeats_.longest_delay);
        answer = http_.send(request);
    }
    return answer;
}

Result<Json> ApiClient::call(std::string_view method, const std::string& path, std::string body)
{
    auto made = request(method, path, std::move(body));
    const auto response = TRY(method == "POST" ? send_once(std::move(made)) : http_.send(made));
    if (response.status < 200 || response.status >= 300)
        return std::unexpected(read_problem(response.status, response.body));
    if (response.body.empty()) return Json(nullptr);
    return parse_json(response.body);
}

Result<Json> ApiClient::post(const std::string& path, const Json& body)
{
    return call("POST", path, body.is_null() ? std::string() : to_text(body));
}

Result<Json> ApiClient::put(const std::string& path, const Json& body)
{
    return call("PUT", path, to_text(body));
}

Result<Json> ApiClient::put_raw(const std::string& path, const SecretBytes& body)
{
    return call("PUT", path, std::string(body.reveal()));
}

Result<void> ApiClient::check_web_socket(const std::string& path)
{
    constexpr int upgrade_required = 426;
    const auto response = TRY(http_.send(request("GET", path, {})));
    if (response.status == upgrade_required) return {};
    return std::unexpected(read_problem(response.status, response.body));
}

net::WebSocketRequest ApiClient::web_socket(const std::string& path) const
{
    const auto made = request("GET", path, {});
    return {.url = made.url, .headers = made.headers};
}

Result<void> ApiClient::stream(const std::string& path, const net::OnChunk& on_chunk)
{
    const auto response = TRY(http_.send_streaming(request("GET", path, {}), on_chunk));
    if (response.status < 200 || response.status >= 300)
        return std::unexpected(read_problem(response.status, response.body));
    return {};
}

}  // namespace ramet::cli
