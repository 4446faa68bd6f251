#pragma once
// Private to the server.

#include "net/asio.hpp"
#include "net/http_server.hpp"
#include "net/wire.hpp"

#include <functional>
#include <memory>

namespace ramet::net {

/// Answers a request that `wants_web_socket` with 101, or with why not; `on_open` is called once, true when the wire can be used.
/// Until then the wire can only be aborted.
std::shared_ptr<Wire> accept_web_socket(tcp::socket socket, const Request& request, const WireOptions& options,
                                        std::function<void(bool)> on_open);

}  // namespace ramet::net
