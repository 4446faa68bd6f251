#pragma once
// Private to the proxy.

#include "net/http_head.hpp"
#include "net/outgoing.hpp"
#include "net/proxy.hpp"

#include <string>
#include <string_view>

namespace ramet::net {

/// What the proxy knows of a request beyond its head.
struct ForwardContext {
    std::string_view client_address;
    ForwardedFields forwarded = ForwardedFields::replace;
};

/// Writes the request head for the service: Host unchanged, hop-by-hop fields gone, the forwarding fields added.
void write_request_head(std::string& out, const RequestHead& head, const ForwardContext& context);

struct ResponseShape {
    Framing framing = Framing::plain;
    Robots robots = Robots::noindex;
    /// Whether the client's connection stays open, and whether it must be told so (HTTP/1.0).
    bool keep_alive = true;
    bool client_is_old = false;
};

/// Writes the response head for the client.
void write_response_head(std::string& out, const ResponseHead& head, const ResponseShape& shape);

/// h2c would take the rest of the connection out of this proxy's sight; everything else may be upgraded to.
bool is_tunnelled(const RequestHead& head);

}  // namespace ramet::net
