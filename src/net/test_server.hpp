#pragma once
// For the tests of the server.

#include "net/http_server.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

namespace ramet::net::testing {

inline std::unique_ptr<HttpServer> serve(ServerOptions options, Handler handler)
{
    auto server = HttpServer::start(std::move(options), std::move(handler));
    REQUIRE(server);
    return std::move(*server);
}

inline void echo(const Request& request, const Responder& responder)
{
    responder.send({.body = request.body});
}

inline int status_of(std::string_view response)
{
    return response.starts_with("HTTP/1.1 ") ? std::stoi(std::string(response.substr(9, 3))) : 0;
}

}  // namespace ramet::net::testing
