#pragma once

#include "net/http_server.hpp"

namespace ramet::net {

/// Whether the client asks to go on as a WebSocket: only then may its request be given to Responder::join.
bool wants_web_socket(const Request& request);

}  // namespace ramet::net
