#include "net/outgoing.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace ramet::net {

void Outgoing::clear()
{
    head.clear();
    content = tail = {};
    done = 0;
}

Sent Outgoing::send_to(int socket)
{
    while (!empty()) {
        std::array<iovec, 3> pieces;
        std::size_t count = 0;
        auto skip = done;
        for (const std::string_view piece : {std::string_view(head), content, tail}) {
            const auto skipped = std::min(skip, piece.size());
            skip -= skipped;
            if (skipped < piece.size())
                pieces[count++] = {const_cast<char*>(piece.data() + skipped), piece.size() - skipped};
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            done += static_cast<std::size_t>(sent);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return Sent::blocked;
        else if (errno != EINTR)
            return Sent::broken;
    }
    return Sent::all;
}

void add_content(Outgoing& out, std::string_view content, Framing framing, bool is_last)
{
    out.content = content;
    out.tail = {};
    if (framing == Framing::plain) return;
    if (content.empty()) {
        if (is_last) out.head.append("0\r\n\r\n");
        return;
    }
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, content.size(), 16).ptr;
    out.head.append(digits, end).append("\r\n");
    out.tail = is_last ? "\r\n0\r\n\r\n" : "\r\n";
}

}  // namespace ramet::net
