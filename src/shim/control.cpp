#include "shim/control.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ramet::shim {
namespace {

/// What a command needs: its input, output and error output.
constexpr std::size_t most_descriptors = 3;

/// Like read(2); descriptors that came along are kept in `into`, those that are too many are closed.
ssize_t receive(const Fd& fd, iovec buffer, std::vector<Fd>& into)
{
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
    msghdr message{};
    message.msg_iov = &buffer;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    const auto count = ::recvmsg(fd.get(), &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return count;
    for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t at = 0; at < (part->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++at) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + at * sizeof(int), sizeof number);
            Fd passed(number);
            if (into.size() < most_descriptors) into.push_back(std::move(passed));
        }
    }
    return count;
}

}  // namespace

class Control::Client final : public Watcher {
public:
    Client(Control& control, Fd fd) : control_(control), fd_(std::move(fd))
    {
        control_.loop_.add(fd_.get(), EPOLLIN, *this);
    }
    ~Client() override { control_.loop_.remove(fd_.get()); }

    void on_ready(std::uint32_t) override
    {
        if (is_gone_) return;
        if (!reply_.empty()) return send_reply();
        static char buffer[16U << 10U];
        const auto count = receive(fd_, {buffer, sizeof buffer}, descriptors_);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0 || request_.size() > message_limit) return leave();
        request_.append(buffer, static_cast<std::size_t>(count));
        if (request_.ends_with("\n\n")) answer();
    }

private:
    void answer()
    {
        const auto request = Message::decode(request_);
        // What it held may have been secrets.
        ::explicit_bzero(request_.data(), request_.size());
        request_ = {};
        if (request && request->get("request") == "exec") return hand_over(*request);
        descriptors_.clear();
        Message refusal;
        refusal.add("error", "this is not a message");
        reply_ = (request ? control_.calls_.answer(*request) : refusal).encode();
        send_reply();
    }

    void hand_over(const Message& request)
    {
        control_.loop_.remove(fd_.get());
        control_.calls_.take({request, std::move(fd_), std::move(descriptors_)});
        leave();
    }

    void send_reply()
    {
        const auto sent = ::send(fd_.get(), reply_.data(), reply_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return leave();
        if (sent > 0) reply_.erase(0, static_cast<std::size_t>(sent));
        if (reply_.empty()) reply_ = {};
        control_.loop_.change(fd_.get(), reply_.empty() ? EPOLLIN : EPOLLOUT, *this);
    }

    void leave()
    {
        is_gone_ = true;
        control_.forget(*this);
    }

    Control& control_;
    Fd fd_;
    std::string request_;
    std::string reply_;
    std::vector<Fd> descriptors_;
    bool is_gone_ = false;
};

Control::Control(Loop& loop, Fd listener, Calls calls)
    : loop_(loop), listener_(std::move(listener)), calls_(std::move(calls))
{
    loop_.add(listener_.get(), EPOLLIN, *this);
}

Control::~Control() = default;

void Control::on_ready(std::uint32_t)
{
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
    if (peer.uid != 0 && peer.uid != ::geteuid()) return;
    clients_.push_back(std::make_unique<Client>(*this, std::move(fd)));
}

void Control::forget(Client& client)
{
    const auto at = std::ranges::find(clients_, &client, &std::unique_ptr<Client>::get);
    if (at == clients_.end()) return;
    loop_.dispose(std::move(*at));
    clients_.erase(at);
}

Fd listen_at(const char* name)
{
    ::unlink(name);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::strncpy(address.sun_path, name, sizeof address.sun_path - 1);
    const auto before = ::umask(0177);
    const bool good = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      ::listen(fd.get(), 64) == 0;
    ::umask(before);
    if (!good) fd.reset();
    return fd;
}

}  // namespace ramet::shim
