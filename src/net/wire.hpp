#pragma once
// Private to the WebSocket code: keeps Beast out of what only moves bytes.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ramet::net {

enum class MessageKind : bool { binary, text };

/// Told by a wire, on the loop's thread.
class WireEvents {
public:
    virtual ~WireEvents() = default;
    /// What `read` asked for. The content is valid during the call.
    virtual void on_message(MessageKind kind, std::string_view content) = 0;
    /// What `write` was given is on its way.
    virtual void on_written() = 0;
    /// The connection is over, whoever ended it. Once; nothing is told after it.
    virtual void on_over(std::string_view reason) = 0;
};

/// An open WebSocket connection: one read and one write at a time. It tells the peer that it lives, and finds one that does not.
class Wire {
public:
    enum class Close : std::uint8_t { normal, protocol_error, going_away };

    virtual ~Wire() = default;
    virtual void attach(std::weak_ptr<WireEvents> events) = 0;
    virtual void read() = 0;
    virtual void write(MessageKind kind, std::string message) = 0;
    /// Says good-bye; `on_over` when the peer has answered, or not in time.
    virtual void close(Close why) = 0;
    /// Cuts the connection. Nothing is told any more.
    virtual void abort() = 0;
};

struct WireOptions {
    /// How often the peer is told that this side lives.
    int heartbeat_ms = 10'000;
    /// A peer that is listened to and says nothing for this long is gone.
    int silence_ms = 45'000;
    int closing_ms = 10'000;
};

/// Larger messages end the connection.
inline constexpr std::size_t wire_message_limit = (64U << 10U) + 1;

}  // namespace ramet::net
