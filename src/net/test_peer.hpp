#pragma once
// For the tests of this folder: the other side of a connection, byte by byte, well-behaved or not.

#include "net/listen.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace ramet::net::testing {

constexpr std::chrono::seconds deadline{20};

/// One end of a TCP connection. Reads give up after `deadline`, so that a broken server fails a test instead of hanging it.
class RawPeer {
public:
    explicit RawPeer(Fd fd) : fd_(std::move(fd)) {}

    static RawPeer connect(std::uint16_t port)
    {
        auto peer = unconnected();
        peer.connect_to(port);
        return peer;
    }
    static RawPeer unconnected() { return RawPeer(Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))); }

    void connect_to(std::uint16_t port) const
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }

    /// False when the other side is gone.
    bool send(std::string_view text)
    {
        while (!text.empty()) {
            const auto count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    /// What comes until `end` has come, or the connection ends; what is behind `end` stays for the next call.
    std::string read_until(std::string_view end)
    {
        while (!buffer_.contains(end) && fill()) {}
        const auto at = buffer_.find(end);
        return take(at == std::string::npos ? buffer_.size() : at + end.size());
    }

    std::string read_exactly(std::size_t size)
    {
        while (buffer_.size() < size && fill()) {}
        return take(std::min(size, buffer_.size()));
    }

    /// A head, and the body that its Content-Length announces.
    std::string read_message()
    {
        auto head = read_until("\r\n\r\n");
        const auto at = head.find("Content-Length: ");
        return at == std::string::npos ? head : head + read_exactly(std::stoul(head.substr(at + 16)));
    }

    std::string read_to_end()
    {
        while (fill()) {}
        return take(buffer_.size());
    }

    /// Reads and forgets until the end; how much it was.
    std::size_t drain()
    {
        std::size_t total = buffer_.size();
        buffer_.clear();
        while (fill()) {
            total += buffer_.size();
            buffer_.clear();
        }
        return total;
    }

    bool is_closed_by_peer() { return buffer_.empty() && !fill() && ended_; }
    /// Whether the connection was cut (reset) instead of ended.
    bool was_reset() const { return reset_; }
    void end_output() { ::shutdown(fd_.get(), SHUT_WR); }
    void close() { fd_.reset(); }
    /// The kernel sends a reset instead of an orderly end.
    void abort()
    {
        const linger now{1, 0};
        setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.reset();
    }
    int fd() const { return fd_.get(); }

private:
    bool fill()
    {
        pollfd waiting{fd_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(deadline).count())) <= 0) return false;
        char piece[65536];
        const auto count = ::recv(fd_.get(), piece, sizeof piece, 0);
        if (count <= 0) {
            ended_ = true;
            reset_ = count < 0;
            return false;
        }
        buffer_.append(piece, static_cast<std::size_t>(count));
        return true;
    }

    std::string take(std::size_t size)
    {
        auto text = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return text;
    }

    Fd fd_;
    std::string buffer_;
    bool ended_ = false;
    bool reset_ = false;
};

/// A server that does to each connection what the script says, each on a thread of its own.
class RawServer {
public:
    using Script = std::function<void(RawPeer&)>;

    explicit RawServer(Script script, std::uint16_t port = 0) : script_(std::move(script))
    {
        auto listening = listen_on({.port = port});
        REQUIRE(listening);
        listening_ = std::move(*listening);
        port_ = local_port(listening_);
        accepting_ = std::jthread([this](const std::stop_token& stop) { accept(stop); });
    }
    ~RawServer() { stop(); }
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }

    /// Stops listening and cuts what is open.
    void stop()
    {
        accepting_ = {};
        listening_.reset();
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
        }
        threads_.clear();
    }

private:
    void accept(const std::stop_token& stop)
    {
        while (!stop.stop_requested()) {
            pollfd waiting{listening_.get(), POLLIN, 0};
            if (::poll(&waiting, 1, 20) <= 0) continue;
            Fd fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!fd) continue;
            ++connections_;
            const int number = fd.get();
            const std::lock_guard lock(mutex_);
            open_.push_back(number);
            threads_.emplace_back([this, number, peer = RawPeer(std::move(fd))]() mutable {
                script_(peer);
                const std::lock_guard guard(mutex_);
                open_.remove(number);
                peer.close();
            });
        }
    }

    Script script_;
    Fd listening_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::list<int> open_;
    std::list<std::jthread> threads_;
    std::jthread accepting_;
};

/// A value that one thread waits for and another sets.
class Signal {
public:
    void set()
    {
        {
            const std::lock_guard lock(mutex_);
            is_set_ = true;
        }
        changed_.notify_all();
    }
    bool wait()
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, deadline, [&] { return is_set_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_set_ = false;
};

/// How much larger this process has become since the object was made.
class MemoryGrowth {
public:
    /// A sanitizer keeps freed memory for a while, so that there the size says nothing: then it is 0.
    std::size_t bytes() const
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        return 0;
#else
        const auto now = resident_bytes();
        return now > before_ ? now - before_ : 0;
#endif
    }

private:
    static std::size_t resident_bytes()
    {
        const auto text = read_file("/proc/self/statm");
        REQUIRE(text);
        return std::stoul(text->substr(text->find(' ') + 1)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    }

    std::size_t before_ = resident_bytes();
};

}  // namespace ramet::net::testing
