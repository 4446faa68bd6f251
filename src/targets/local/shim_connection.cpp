#include "targets/local/shim_connection.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace ramet::targets::local {
namespace {

using shim::Message;

/// A shim answers from memory; only a machine that swaps takes longer.
constexpr int answer_limit_ms = 5'000;

/// send(2), with the descriptors beside the first byte.
ssize_t send_some(const Fd& fd, std::string_view text, std::span<const int> descriptors)
{
    iovec piece{const_cast<char*>(text.data()), text.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    std::vector<char> room(CMSG_SPACE(descriptors.size_bytes()));
    if (!descriptors.empty()) {
        header.msg_control = room.data();
        header.msg_controllen = room.size();
        auto* part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
    }
    return ::sendmsg(fd.get(), &header, MSG_NOSIGNAL);
}

Result<void> send_all(const Fd& fd, std::string_view text, const MessageOptions& options)
{
    auto descriptors = options.descriptors;
    while (!text.empty()) {
        const auto sent = send_some(fd, text, descriptors);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return fail(ErrorKind::unavailable, "the shim of {} ended before it was asked", options.directory.string());
        if (sent < 0) return std::unexpected(os_error("writing to the shim of", options.directory));
        text.remove_prefix(static_cast<std::size_t>(sent));
        descriptors = {};
    }
    return {};
}

/// At most `size` bytes, at least one.
Result<std::size_t> receive_some(const Fd& fd, char* buffer, std::size_t size, const Path& directory)
{
    for (;;) {
        pollfd readable{fd.get(), POLLIN, 0};
        const int ready = ::poll(&readable, 1, answer_limit_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0)
            return fail(ErrorKind::timeout, "the shim of {} did not answer within {} ms", directory.string(),
                        answer_limit_ms);
        const auto count = ::recv(fd.get(), buffer, size, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count > 0) return static_cast<std::size_t>(count);
        return fail(ErrorKind::unavailable, "the shim of {} ended in the middle of its answer", directory.string());
    }
}

Result<Message> receive(const Fd& fd, const Path& directory, std::size_t at_once)
{
    std::string text;
    std::vector<char> buffer(at_once);
    while (!text.ends_with("\n\n")) {
        const auto count = TRY(receive_some(fd, buffer.data(), buffer.size(), directory));
        text.append(buffer.data(), count);
        if (text.size() > shim::message_limit)
            return fail(ErrorKind::integrity, "the answer of the shim of {} does not end", directory.string());
    }
    auto message = Message::decode(text);
    if (!message)
        return fail(ErrorKind::integrity, "the shim of {} answered something that is no message", directory.string());
    return std::move(*message);
}

}  // namespace

Result<Fd> connect_to_shim(const Path& directory)
{
    // Through /proc, because the name of a socket may have 107 bytes at most and a data directory may be deep.
    const Fd folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder && errno == ENOENT) return Fd();
    if (!folder) return std::unexpected(os_error("opening", directory));
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return std::unexpected(os_error("making a socket for", directory));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    fmt::format_to_n(address.sun_path, sizeof address.sun_path - 1, "/proc/self/fd/{}/control.sock", folder.get());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (errno == ENOENT || errno == ECONNREFUSED) return Fd();
    return std::unexpected(os_error("connecting to the shim of", directory));
}

Result<void> send_message(const Fd& fd, const Message& message, const MessageOptions& options)
{
    auto text = message.encode();
    const auto sent = send_all(fd, text, options);
    ::explicit_bzero(text.data(), text.size());
    return sent;
}

Result<Message> receive_message(const Fd& fd, const Path& directory)
{
    return receive(fd, directory, 16U << 10U);
}

Result<Message> receive_one_message(const Fd& fd, const Path& directory)
{
    return receive(fd, directory, 1);
}

}  // namespace ramet::targets::local
