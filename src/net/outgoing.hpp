#pragma once
// Private to the proxy.

#include <cstddef>
#include <string>
#include <string_view>

namespace ramet::net {

enum class Sent : unsigned char { all, blocked, broken };

/// Bytes on their way out, in up to three pieces that leave with one system call and are not copied together.
struct Outgoing {
    std::string head{};
    std::string_view content{};
    std::string_view tail{};
    std::size_t done = 0;

    std::size_t size() const { return head.size() + content.size() + tail.size(); }
    bool empty() const { return size() == done; }
    /// Empty again, with the memory kept.
    void clear();
    /// Sends what the socket takes without waiting.
    Sent send_to(int socket);
};

enum class Framing : bool { plain, chunked };

/// Puts `content` behind what `out.head` holds, as a chunk where that is the framing; and the end where it is the last.
void add_content(Outgoing& out, std::string_view content, Framing framing, bool is_last);

}  // namespace ramet::net
