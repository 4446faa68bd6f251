#include "shim/control.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ramet::shim {

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
        const auto count = ::read(fd_.get(), buffer, sizeof buffer);
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
        Message refusal;
        refusal.add("error", "this is not a message");
        reply_ = (request ? control_.answer_(*request) : refusal).encode();
        send_reply();
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
    bool is_gone_ = false;
};

Control::Control(Loop& loop, Fd listener, Answer answer)
    : loop_(loop), listener_(std::move(listener)), answer_(std::move(answer))
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
