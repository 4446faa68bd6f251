#include "net/flat_buffer.hpp"

#include "net/outgoing.hpp"
#include "net/test_peer.hpp"

#include <rapidcheck.h>

#include <fcntl.h>

namespace ramet::net {

TEST_CASE("a flat buffer is a queue of bytes, whatever is filled, eaten and grown")
{
    CHECK(rc::check("flat buffer", [] {
        FlatBuffer buffer(*rc::gen::inRange<std::size_t>(1, 50));
        std::string model;
        char next = 0;
        for (const int action : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3))) {
            if (action == 0) {
                auto* room = buffer.room();
                const auto count = *rc::gen::inRange<std::size_t>(0, buffer.room_size() + 1);
                for (std::size_t i = 0; i < count; ++i) model.push_back(room[i] = next++);
                buffer.filled(count);
            } else if (action == 1) {
                const auto count = *rc::gen::inRange<std::size_t>(0, buffer.size() + 1);
                buffer.eat(count);
                model.erase(0, count);
            } else {
                buffer.grow(buffer.capacity() + *rc::gen::inRange<std::size_t>(0, 20));
            }
            RC_ASSERT(buffer.text() == model);
            RC_ASSERT(buffer.is_full() == (model.size() == buffer.capacity()));
        }
        buffer.room();
        RC_ASSERT((buffer.room_size() > 0) == (model.size() < buffer.capacity()));
    }));
}

TEST_CASE("what goes out in pieces arrives in one order, however little the socket takes at a time")
{
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    Fd sending(ends[0]);
    testing::RawPeer receiving{Fd(ends[1])};
    const std::string content(700'000, 'c');
    Outgoing out{.head = "head "};
    add_content(out, content, Framing::chunked, true);
    std::string received;
    int rounds = 0;
    for (auto sent = Sent::blocked; sent == Sent::blocked; ++rounds) {
        sent = out.send_to(sending.get());
        REQUIRE(sent != Sent::broken);
        if (sent == Sent::blocked) received += receiving.read_exactly(50'000);
    }
    sending.reset();
    received += receiving.read_to_end();
    CHECK(rounds > 1);
    CHECK(received == "head aae60\r\n" + content + "\r\n0\r\n\r\n");
    CHECK(out.empty());
}

TEST_CASE("a socket whose other end is gone is broken, without a signal")
{
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd sending(ends[0]);
    ::close(ends[1]);
    Outgoing out{.head = "x"};
    CHECK(out.send_to(sending.get()) == Sent::broken);
}

}  // namespace ramet::net
