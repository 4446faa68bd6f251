#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::net {

/// What a WebSocket connection is joined with: descriptors whose bytes go to the peer, and descriptors that take the peer's, until
/// both sides have ended. Pipes and sockets; files cannot be waited for.
///
/// A binary message is one byte, the channel, and then its bytes, 64 KiB at most; one without bytes is the end of its channel. A text
/// message is the server's last word: JSON that says how it ended. The client closes when it has it. What the peer does not take is
/// not read here, so that memory stays flat.
struct Joint {
    /// Gives what may be sent of a piece; called with nothing at the end for the rest.
    using Filter = std::function<std::string(std::string_view)>;

    /// To the peer.
    struct Source {
        std::uint8_t channel = 0;
        Fd fd{};
        Filter filter{};  ///< none: everything goes as it is
    };
    /// From the peer. At the channel's end it is closed; a socket's output is ended.
    struct Sink {
        std::uint8_t channel = 0;
        Fd fd{};
    };

    std::vector<Source> sources{};
    std::vector<Sink> sinks{};
    /// Server: read to its end, which the last word waits for; where there is none it waits for the sinks' ends.
    Fd outcome{};
    /// Server: the last word, of what `outcome` said. A client has none.
    std::function<std::string(std::string_view said)> describe_end{};
};

/// The channels of a command; a connection has `input` towards the server and `output` back.
namespace channel {
inline constexpr std::uint8_t input = 0;
inline constexpr std::uint8_t output = 1;
inline constexpr std::uint8_t error = 2;
}  // namespace channel

/// How a joint came to its end.
struct JointEnd {
    std::string last_word{};  ///< client: what the server said at the end; empty when the connection was lost before
    std::string reason{};     ///< for people: "the peer closed", "the peer is silent"
};

}  // namespace ramet::net
