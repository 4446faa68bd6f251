#include "cli/client.hpp"

#include "net/url.hpp"

namespace ramet::cli {

namespace {

// A command that changes something may have to wait for a lock or a Git host before it is accepted.
constexpr auto call_timeout = std::chrono::minutes(5);

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

Result<Json> ApiClient::call(std::string_view method, const std::string& path, std::string body)
{
    const auto response = TRY(http_.send(request(method, path, std::move(body))));
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

Result<void> ApiClient::stream(const std::string& path, const net::OnChunk& on_chunk)
{
    const auto response = TRY(http_.send_streaming(request("GET", path, {}), on_chunk));
    if (response.status < 200 || response.status >= 300)
        return std::unexpected(read_problem(response.status, response.body));
    return {};
}

}  // namespace ramet::cli
