#pragma once
// Private to the WebSocket client.

#include "net/asio.hpp"
#include "net/reachable.hpp"
#include "net/web_socket_client.hpp"
#include "net/wire.hpp"

#include <functional>
#include <memory>
#include <variant>

namespace ramet::net {

/// Where a URL leads, looked up once.
struct DialPlace {
    Reachable reachable;
    std::string host_field;  ///< with the port, as the URL has it
    std::string target;      ///< path and query
    bool is_secure = false;
    /// "GET http://host/path", for errors.
    std::string description;
};
/// `invalid` for anything that is not http or https. Blocks while the name is looked up.
Result<DialPlace> find_place(const WebSocketRequest& request);

/// The open wire, or the server's answer instead.
using Dialled = std::variant<std::shared_ptr<Wire>, WebSocketOutcome>;

/// Connects, secures and upgrades within the request's timeout; calls back once, on the loop's thread.
void dial(asio::io_context& loop, std::shared_ptr<const DialPlace> place, const WebSocketRequest& request,
          std::function<void(Result<Dialled>)> on_done);

}  // namespace ramet::net
