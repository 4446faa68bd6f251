#pragma once
// For the tests of this folder: the API of a whole house in memory, called over HTTP.

#include "api/routes.hpp"
#include "fakes/app_house.hpp"
#include "net/http_client.hpp"

#include <memory>
#include <string>

namespace ramet::api::testing {

using app::testing::must;

struct ApiHouse {
    app::testing::AppHouse house;
    StreamPump pump;
    Router router;
    std::unique_ptr<net::HttpServer> server;
    net::CurlClient http;
    std::string admin;  ///< a token

    explicit ApiHouse(std::vector<Route> routes = all_routes()) : router(must(Router::make(std::move(routes))))
    {
        server = must(net::HttpServer::start({}, [this](const net::Request& request, const net::Responder& responder) {
            serve(*house.app, pump, router, request, responder);
        }));
        admin = token({.name = "root", .role = app::Role::admin});
    }
    ~ApiHouse()
    {
        server->stop();
        pump.stop();
    }

    std::string token(const app::NewToken& wanted)
    {
        return std::string(must(app::create_token(*house.app, house.admin, wanted)).reveal());
    }

    struct Call {
        std::string body{};
        net::Headers headers{};
        std::string token{};  ///< the administrator's when empty; "none" for no token at all
    };
    net::HttpResponse call(const std::string& method, const std::string& path, const Call& call)
    {
        net::HttpRequest request{.method = method,
                                 .url = fmt::format("http://127.0.0.1:{}{}", server->port(), path),
                                 .headers = call.headers,
                                 .body = call.body};
        if (call.token != "none")
            request.headers.set("Authorization", "Bearer " + (call.token.empty() ? admin : call.token));
        return must(http.send(request));
    }
    net::HttpResponse call(const std::string& method, const std::string& path) { return call(method, path, Call{}); }
};

inline Json body_of(const net::HttpResponse& response)
{
    return must(parse_json(response.body));
}

}  // namespace ramet::api::testing
