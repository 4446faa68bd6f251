#pragma once

#include "api/router.hpp"
#include "base/error.hpp"
#include "net/http_server.hpp"

namespace ramet::api {

/// Whether the request could be read at all: what is `invalid` is 400 before that, 422 after it.
enum class Understood : bool { no, yes };

/// An error as `application/problem+json` (RFC 9457): type, title, status, detail, code, errors[], trace_id; with evidence and
/// next_step where there are any.
net::Response to_problem(const Error& error, Understood understood);

/// 405 with `Allow`: the address is known and takes other methods.
net::Response to_method_problem(std::string_view method, const std::vector<std::string>& allowed);

net::Response to_response(const Reply& reply);

/// Headers of every answer: nothing is cached, nothing is guessed, nothing may be framed or run.
void add_security_headers(net::Headers& headers);

}  // namespace ramet::api
