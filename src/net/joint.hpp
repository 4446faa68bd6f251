#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::net {

/// A Kubernetes API server in place of ours (its `channel.k8s.io` protocols): a message without bytes says nothing, all channels end with the
/// connection, and the last word comes on a channel of its own.
struct KubernetesWords {
    std::uint8_t last_word = 3;  ///< channel
    std::size_t skipped = 0;     ///< of the last word's beginning
    bool can_end_input = true;   ///< since v5; where it cannot, the end of a source is the end of all
};

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
        std::size_t skipped = 0;  ///< bytes of the channel's beginning that are not for it
    };

    std::vector<Source> sources{};
    std::vector<Sink> sinks{};
    /// Server: read to its end, which the last word waits for; where there is none it waits for the sinks' ends. Client: closes the connection
    /// at its end.
    Fd outcome{};
    std::optional<KubernetesWords> kubernetes{};
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
