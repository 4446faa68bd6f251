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
    /// Who we are, where a certificate says it (PEM, both).
    std::string certificate_pem{};
    std::string key_pem{};
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

/// Joins any number of connections in the background, on a thread of its own. Its destructor cuts off what is left.
class WebSocketJoiner {
public:
    WebSocketJoiner();
    ~WebSocketJoiner();

    using OnEnd = std::function<void(const Result<WebSocketOutcome>&)>;

    /// Returns when the connection stands (101), or with the server's other answer; errors as `join_web_socket` gives them. Of one that stood
    /// `on_end` is told once how it ended, on the network's thread.
    Result<WebSocketOutcome> start(const WebSocketRequest& request, Joint joint, OnEnd on_end);

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

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
