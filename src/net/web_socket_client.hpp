#pragma once

#include "base/result.hpp"
#include "net/headers.hpp"
#include "net/joint.hpp"
#include "net/listen.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace ramet::net {

struct WebSocketRequest {
    /// http:// or https://, with the query already encoded.
    std::string url;
    Headers headers{};
    /// Until the connection stands.
    std::chrono::milliseconds timeout{30'000};
    /// Trusts these certificates (PEM) and no others; the system's when empty.
    std::string authorities_pem{};
    std::chrono::milliseconds heartbeat{10'000};
    std::chrono::milliseconds silence_limit{45'000};
};

/// What came of it: a joint that ended, or another answer of the server's.
struct WebSocketOutcome {
    int status = 101;
    std::string body{};  ///< of the other answer
    JointEnd end{};
};

/// Connects, joins, and returns when it is over. Errors are `unavailable` (no connection, untrusted certificate), `timeout` and
/// `invalid` (the URL); they name host and path, never the query.
Result<WebSocketOutcome> join_web_socket(const WebSocketRequest& request, Joint joint);

struct PortForwardOptions {
    ListenAddress listen{};
    WebSocketRequest request{};
    /// Called on the network's thread for each connection that ends; must not block.
    std::function<void(const Result<WebSocketOutcome>&)> on_end{};
};

/// Listens, and joins each connection that comes in with a WebSocket of its own. Ended by its destructor.
class PortForward {
public:
    static Result<std::unique_ptr<PortForward>> start(PortForwardOptions options);
    ~PortForward();

    std::uint16_t port() const;

private:
    struct Core;
    explicit PortForward(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace ramet::net
