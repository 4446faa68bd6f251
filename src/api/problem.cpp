#include "api/problem.hpp"

#include "base/log.hpp"
#include "base/random.hpp"

namespace ramet::api {

namespace {

int status_of(const Error& error, Understood understood)
{
    if (error.kind == ErrorKind::invalid) return understood == Understood::yes ? 422 : 400;
    return http_status(error.kind);
}

// Where in the input, for people and for programs: a JSON Pointer where it is one, else a place in a file ("ramet.yaml:3:7").
json::object describe_place(const Error& error)
{
    json::object place{{error.where.starts_with('/') ? "pointer" : "where", error.where}};
    place["detail"] = error.message;
    return place;
}

std::string title_of(ErrorKind kind)
{
    std::string title(to_string(kind));
    std::ranges::replace(title, '_', ' ');
    return title;
}

}  // namespace

void add_security_headers(net::Headers& headers)
{
    headers.set("Cache-Control", "no-store");
    headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
}

net::Response to_problem(const Error& error, Understood understood)
{
    SystemRandom random;
    const auto trace = random_hex(random, 8);
    const auto status = status_of(error, understood);
    if (status >= 500) log::error("{} {}: {} {}", trace, to_string(error.kind), error.message, error.evidence);
    const auto code =
        error.kind == ErrorKind::integrity ? std::string("integrity_error") : std::string(to_string(error.kind));
    json::object body{{"type", "about:blank"}, {"title", title_of(error.kind)},
                      {"status", status},      {"detail", error.message},
                      {"code", code},          {"trace_id", trace}};
    if (!error.where.empty()) body["errors"] = json::array{describe_place(error)};
    if (!error.evidence.empty()) body["evidence"] = error.evidence;
    if (!error.next_step.empty()) body["next_step"] = error.next_step;
    net::Response response{.status = status, .body = to_text(body) + "\n"};
    add_security_headers(response.headers);
    response.headers.set("Content-Type", "application/problem+json");
    if (status == 401) response.headers.set("WWW-Authenticate", "Bearer");
    return response;
}

net::Response to_response(const Reply& reply)
{
    net::Response response{.status = reply.status};
    add_security_headers(response.headers);
    if (!reply.location.empty()) response.headers.set("Location", reply.location);
    if (reply.status == 204) return response;
    response.headers.set("Content-Type", "application/json");
    response.body = to_text(reply.body) + "\n";
    return response;
}

}  // namespace ramet::api
