#include "shim/probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace ramet::shim {

namespace {

constexpr std::size_t refusal_limit = 2048;
constexpr std::size_t told_body = 300;

}  // namespace

Fd connect_to_port(int port)
{
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!fd) return fd;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
        const int number = errno;
        fd.reset();
        errno = number;
    }
    return fd;
}

PortProbe::PortProbe(Loop& loop, Question question, Answer answer)
    : loop_(loop), question_(std::move(question)), answer_(std::move(answer)),
      limit_(loop, [this] { end("no answer in time"); })
{
}

void PortProbe::start(std::int64_t limit_ms)
{
    close();
    connected_ = false;
    is_answered_ = false;
    reply_ = {};
    socket_ = connect_to_port(question_.port);
    if (!socket_) return answer_(error_text("connecting to port " + std::to_string(question_.port), errno));
    limit_.set(limit_ms);
    loop_.add(socket_.get(), EPOLLOUT, *this);
}

void PortProbe::on_ready(std::uint32_t)
{
    if (!socket_) return;
    if (is_answered_) return swallow_rest();
    if (connected_) return read_status();
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) return end(error_text("connecting to port " + std::to_string(question_.port), number));
    connected_ = true;
    if (question_.http_path.empty()) return end({});
    send_request();
}

void PortProbe::send_request()
{
    const auto request = "GET " + question_.http_path +
                         " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(question_.port) +
                         "\r\nUser-Agent: ramet-health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        return end("the connection was closed");
    loop_.change(socket_.get(), EPOLLIN, *this);
}

void PortProbe::read_status()
{
    char buffer[512];
    const auto count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return end("GET " + question_.http_path + ": the connection was closed without an answer");
    reply_.append(buffer, static_cast<std::size_t>(count));
    if (!has_status()) return;
    const bool good = reply_.starts_with("HTTP/1.") && (reply_[9] == '2' || reply_[9] == '3');
    // What a refusal says is evidence: it is read as well, up to a limit.
    if (!good && reply_.size() < refusal_limit) return;
    is_answered_ = true;
    answer_(good ? "" : refusal());
}

bool PortProbe::has_status() const
{
    constexpr std::size_t status_end = std::string_view("HTTP/1.1 200").size();
    return reply_.size() >= status_end;
}

std::string PortProbe::refusal() const
{
    auto words = "GET " + question_.http_path + " answered " + reply_.substr(0, reply_.find_first_of("\r\n"));
    const auto body = reply_.find("\r\n\r\n");
    if (body == std::string::npos || body + 4 == reply_.size()) return words;
    words += ": " + reply_.substr(body + 4, told_body);
    for (auto& character : words)
        if (static_cast<unsigned char>(character) < 0x20) character = ' ';
    return words;
}

void PortProbe::swallow_rest()
{
    // Closing with unread bytes would reset the connection, and the program would log a broken pipe for each check.
    char buffer[4096];
    for (ssize_t count = 1; count > 0;) {
        count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return close();
    }
}

void PortProbe::end(std::string problem)
{
    close();
    if (is_answered_) return;
    is_answered_ = true;
    answer_(has_status() ? refusal() : std::move(problem));
}

void PortProbe::close()
{
    if (socket_) loop_.remove(socket_.get());
    socket_.reset();
    limit_.cancel();
}

}  // namespace ramet::shim
