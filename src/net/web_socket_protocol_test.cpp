// What peers may not do, byte by byte.
#include "net/test_web_socket.hpp"

namespace ramet::net {

using namespace testing;

TEST_CASE("a client that says nothing at all is given up after the limit, one that only lives is kept")
{
    JoiningServer server({.heartbeat = std::chrono::milliseconds(20), .silence_limit = std::chrono::milliseconds(200)});
    SUBCASE("silent")
    {
        auto peer = RawPeer::connect(server.server->port());
        peer.send(upgrade_text());
        peer.read_until("\r\n\r\n");
        RawPeer service(std::move(server.service.far));
        CHECK(service.is_closed_by_peer());
        CHECK(peer.read_exactly(2) == std::string("\x89\x00", 2));  // It was pinged.
    }
    SUBCASE("alive")
    {
        auto request = server.request();
        request.heartbeat = std::chrono::milliseconds(20);
        Client client(request);
        RawPeer service(std::move(server.service.far));
        // Longer than the limit: only the heartbeats keep it.
        CHECK(client.outcome.wait_for(std::chrono::milliseconds(600)) == std::future_status::timeout);
        REQUIRE(service.send("still here"));
        CHECK(client.peer.read_exactly(10) == "still here");
        service.close();
        client.peer.close();
        CHECK(client.wait().end.last_word == "{}");
    }
}

TEST_CASE("messages that nobody may send end the connection")
{
    struct Case {
        std::string story, sent;
        unsigned code;
    };
    const Case cases[] = {
        {"too large", frame(std::string((64U << 10U) + 2, 'x')), 1009},
        {"a channel that is none", frame("\x07hello"), 1002},
        {"no channel", frame(""), 1002},
        {"text", "\x81\x82" + std::string(4, '\0') + "hi", 1002},
        {"not masked", std::string("\x82\x01\x00", 3), 1002},
    };
    for (const auto& [story, sent, code] : cases) {
        CAPTURE(story);
        JoiningServer server;
        auto peer = RawPeer::connect(server.server->port());
        peer.send(upgrade_text());
        peer.read_until("\r\n\r\n");
        peer.send(sent);
        CHECK(peer.read_exactly(1) == "\x88");
        const auto payload = peer.read_exactly(3);
        REQUIRE(payload.size() == 3);
        CHECK((static_cast<unsigned char>(payload[1]) << 8U | static_cast<unsigned char>(payload[2])) == code);
        peer.close();
        CHECK(RawPeer(std::move(server.service.far)).is_closed_by_peer());
    }
}

TEST_CASE("what is no upgrade is not joined")
{
    struct Case {
        std::string story, request;
        int status;
    };
    const Case cases[] = {
        {"no Upgrade", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426},
        {"another protocol", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 426},
        {"Upgrade is not named by Connection",
         "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n", 426},
        {"not GET",
         "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", 426},
        {"bytes behind it", upgrade_text() + frame("\x00x"), 400},
    };
    for (const auto& [story, request, status] : cases) {
        CAPTURE(story);
        JoiningServer server;
        auto peer = RawPeer::connect(server.server->port());
        peer.send(request);
        CHECK(status_of(peer.read_message()) == status);
    }
}

TEST_CASE("a version of the protocol that is not spoken is refused")
{
    JoiningServer server;
    auto peer = RawPeer::connect(server.server->port());
    auto text = upgrade_text();
    text.replace(text.find("Version: 13"), 11, "Version: 99");
    peer.send(text);
    CHECK(status_of(peer.read_until("\r\n\r\n")) == 426);
    CHECK(RawPeer(std::move(server.service.far)).is_closed_by_peer());
}

}  // namespace ramet::net
