#pragma once
// Private to the server and the proxy: includes Asio.

#include "base/file.hpp"
#include "net/asio.hpp"

#include <functional>

namespace ramet::net {

/// A client that came in. Its socket does not block and is not inherited by children, from its first instant on: Asio's
/// own accept would leave a gap before it sets the flag, in which another thread may start a program.
struct Accepted {
    Fd socket;
    asio::ip::address address;
};

/// Takes what comes in on a listening socket and hands it on, until closed. Belongs to the thread of its loop.
class Acceptor {
public:
    using OnAccept = std::function<void(Accepted)>;

    Acceptor(asio::io_context& loop, Fd listening, OnAccept on_accept);

    void start() { wait(); }
    void close();

private:
    void wait();
    void accept_all();
    void pause();

    asio::posix::stream_descriptor listening_;
    asio::steady_timer pause_;
    OnAccept on_accept_;
};

/// Makes an Asio socket of a descriptor.
tcp::socket adopt(asio::io_context& loop, Fd socket, bool is_v6);

}  // namespace ramet::net
