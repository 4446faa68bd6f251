#pragma once
// Private to what speaks to shims.

#include "base/file.hpp"
#include "base/result.hpp"
#include "shim/message.hpp"

#include <span>
#include <string>

namespace ramet::targets::local {

/// To the control socket of the shim in `directory`; no descriptor when nobody listens.
Result<Fd> connect_to_shim(const Path& directory);

struct MessageOptions {
    const Path& directory;  ///< for errors
    /// Given to the shim with the message.
    std::span<const int> descriptors{};
};
/// What was sent may have held secrets: no copy of it stays.
Result<void> send_message(const Fd& fd, const shim::Message& message, const MessageOptions& options);

/// The reply to a request, of which there is one. A shim that ends meanwhile is `unavailable`.
Result<shim::Message> receive_message(const Fd& fd, const Path& directory);
/// The next message of several: reads nothing that is behind it.
Result<shim::Message> receive_one_message(const Fd& fd, const Path& directory);

}  // namespace ramet::targets::local
