#pragma once

#include "shim/files.hpp"
#include "shim/loop.hpp"
#include "shim/message.hpp"

#include <functional>
#include <list>
#include <memory>

namespace ramet::shim {

/// The control socket: one request and one reply at a time on each connection. Only our own user and root are listened to.
class Control final : public Watcher {
public:
    using Answer = std::function<Message(const Message&)>;

    Control(Loop& loop, Fd listener, Answer answer);
    ~Control() override;
    void on_ready(std::uint32_t events) override;

private:
    class Client;
    void forget(Client& client);

    Loop& loop_;
    Fd listener_;
    Answer answer_;
    std::list<std::unique_ptr<Client>> clients_;
};

/// Binds `name` in the present directory, mode 0600; an old one is replaced.
Fd listen_at(const char* name);

}  // namespace ramet::shim
