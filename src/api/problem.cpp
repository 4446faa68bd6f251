#include "api/problem.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "net/http_status.hpp"

namespace ramet::api {

namespace {

// A conflict with what the request's own header asked for is 412.
bool is_failed_precondition(const Error& error)
{
    return error.kind == ErrorKind::conflict && (error.where == "If-Match" || error.where == "If-None-Match");
}

int status_of(const Error& error, Understood understood)
{
    if (is_failed_precondition(error)) return 412;
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

std::string code_of(ErrorKind kind)
{
    return kind == ErrorKind::integrity ? std::string("integrity_error") : std::string(to_string(kind));
}

// RFC 9457, 4.2.1: with the type about:blank the title is the status' own phrase.
net::Response make_problem(const Error& error, int status)
{
    SystemRandom random;
    const auto trace = random_hex(random, 8);
    if (status >= 500) log::error("{} {}: {} {}", trace, to_string(error.kind), error.message, error.evidence);
    json::object body{{"type", "about:blank"},   {"title", net::status_text(status)}, {"status", status},
                      {"detail", error.message}, {"code", code_of(error.kind)},       {"trace_id", trace}};
    if (!error.where.empty()) body["errors"] = json::array{describe_place(error)};
    if (!error.evidence.empty()) body["evidence"] = error.evidence;
    if (!error.next_step.empty()) body["next_step"] = error.next_step;
    net::Response response{.status = status, .body = to_text(body) + "\n"};
    add_security_headers(response.headers);
    response.headers.set("Content-Type", "application/problem+json");
    if (status == 401) response.headers.set("WWW-Authenticate", "Bearer");
    return response;
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
    return make_problem(error, status_of(error, understood));
}

net::Response to_method_problem(std::string_view method, const std::vector<std::string>& allowed)
{
    const auto methods = join(allowed, ", ");
    const Error error{ErrorKind::invalid, fmt::format("this address does not take {}", method), "allowed: " + methods};
    auto response = make_problem(error, 405);
    response.headers.set("Allow", methods);
    return response;
}

net::Response to_response(const Reply& reply)
{
    net::Response response{.status = reply.status};
    add_security_headers(response.headers);
    if (!reply.location.empty()) response.headers.set("Location", reply.location);
    if (reply.status == 204) return response;
    const bool is_text = !reply.content_type.empty();
    response.headers.set("Content-Type", is_text ? reply.content_type : "application/json");
    response.body = is_text ? reply.text : to_text(reply.body) + "\n";
    return response;
}

}  // namespace ramet::api
