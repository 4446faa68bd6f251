#pragma once

#include "shim/files.hpp"
#include "shim/loop.hpp"
#include "shim/message.hpp"

#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace ramet::shim {

/// A request whose connection stays, with the descriptors that came with it.
struct Handed {
    Message request;
    Fd connection;
    std::vector<Fd> descriptors;
};

/// The control socket: one request and one reply at a time on each connection. Only our own user and root are listened to.
class Control final : public Watcher {
public:
    struct Calls {
        std::function<Message(const Message&)> answer;
        /// Takes over the connection of a request `exec`.
        std::function<void(Handed)> take;
    };

    Control(Loop& loop, Fd listener, Calls calls);
    ~Control() override;
    void on_ready(std::uint32_t events) override;

private:
    class Client;
    void forget(Client& client);

    Loop& loop_;
    Fd listener_;
    Calls calls_;
    std::list<std::unique_ptr<Client>> clients_;
};

/// Binds `name` in the present directory, mode 0600; an old one is replaced.
Fd listen_at(const char* name);

}  // namespace ramet::shim
