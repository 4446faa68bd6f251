#pragma once

#include "api/stream_pump.hpp"
#include "app/app.hpp"
#include "app/caller.hpp"
#include "base/json.hpp"
#include "net/http_server.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::api {

/// One request as a route sees it: who asks, what the path's `{names}` were, the body as JSON.
struct Ask {
    app::App& app;
    StreamPump& pump;
    const net::Request& request;
    app::Caller caller{};
    std::map<std::string, std::string, std::less<>> path{};
    Json body{};  ///< null when none was sent

    std::string path_value(std::string_view name) const;
    std::string query(std::string_view name) const { return std::string(request.query_value(name)); }
    /// Query parameter `name` as a number ≥ 0, or the fallback; `invalid` when it is something else.
    Result<std::int64_t> query_number(std::string_view name, std::int64_t fallback) const;
};

struct Reply {
    int status = 200;
    Json body{};
    std::string location{};      ///< of the run, with 202
    std::string version{};       ///< of the thing that was asked for: becomes its ETag
    std::string text{};          ///< instead of a JSON body
    std::string content_type{};  ///< of the text
};

/// What becomes of the answer to a POST with an Idempotency-Key.
enum class Repetition : unsigned char {
    gets_the_reply,  ///< kept, and given again to a repetition
    gets_no_secret,  ///< the reply holds a secret: that it was given is kept, the reply is not
    does_no_harm     ///< nothing is changed: every request is answered anew
};

/// Answers at once.
using Handle = std::function<Result<Reply>(const Ask&)>;
/// Takes over the response: event streams and followed logs. An error is answered as a problem.
using HandleStream = std::function<Result<void>(const Ask&, const net::Responder&)>;

/// Who may call a route. `open` routes check for themselves (webhooks by signature, health by nothing).
struct Policy {
    enum class Kind : unsigned char { unset, open, role } kind = Kind::unset;
    app::Role role = app::Role::viewer;

    static Policy open() { return {Kind::open, app::Role::viewer}; }
    static Policy at_least(app::Role role) { return {Kind::role, role}; }
};

struct Route {
    std::string method;
    std::string pattern;  ///< "/api/v1/previews/{name}"
    Policy policy{};
    Handle handle{};
    HandleStream handle_stream{};
    bool reads_json = true;  ///< false: the body stays raw (webhooks, prompts of secrets)
    Repetition repetition = Repetition::gets_the_reply;
};

/// All routes of the server. A route without a policy, or two for the same call, stop the server from starting.
class Router {
public:
    static Result<Router> make(std::vector<Route> routes);

    struct Match {
        const Route* route = nullptr;  ///< none: the address is known and does not take this method
        std::map<std::string, std::string, std::less<>> path{};
        std::vector<std::string> allowed{};  ///< the methods that it takes, where this one is wrong
    };
    /// `not_found` where nothing is at this address.
    Result<Match> find(std::string_view method, const std::vector<std::string>& segments) const;

    const std::vector<Route>& routes() const { return routes_; }

private:
    std::vector<Route> routes_;
    std::vector<std::vector<std::string>> patterns_;  ///< beside routes_: their segments
};

/// The token of the request; empty when it has none.
std::string bearer_token(const net::Request& request);

/// Authenticates, authorises, parses, calls, answers. Every error becomes a problem (RFC 9457).
void serve(app::App& app, StreamPump& pump, const Router& router, const net::Request& request,
           const net::Responder& responder);

}  // namespace ramet::api
