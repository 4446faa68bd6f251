#include "net/web_socket_client.hpp"

#include "net/test_peer.hpp"
#include "net/test_server.hpp"
#include "net/upgrade.hpp"

#include <fcntl.h>

#include <future>
#include <optional>

namespace ramet::net {

using namespace testing;

namespace {

struct Pair {
    Fd near;
    Fd far;
};

Pair make_pair_of_sockets()
{
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

/// `near` is read, `far` is written.
Pair make_pipe()
{
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

Fd copy_of(const Fd& fd)
{
    return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

/// One socket, both ways: what a forwarded port is joined with.
Joint joint_of_connection(Fd socket, std::uint8_t in, std::uint8_t out)
{
    Joint joint;
    joint.sinks.push_back({.channel = in, .fd = copy_of(socket)});
    joint.sources.push_back({.channel = out, .fd = std::move(socket)});
    return joint;
}

Joint server_joint(Fd socket)
{
    auto joint = joint_of_connection(std::move(socket), channel::input, channel::output);
    joint.describe_end = [](std::string_view) { return std::string("{}"); };
    return joint;
}

Joint client_joint(Fd socket)
{
    return joint_of_connection(std::move(socket), channel::output, channel::input);
}

/// A server that joins each WebSocket with one end of a pair of sockets; the tests have the other.
struct JoiningServer {
    std::promise<JoinedConnection> joined;
    Pair service = make_pair_of_sockets();
    std::unique_ptr<HttpServer> server;

    explicit JoiningServer(ServerOptions options = {})
    {
        server = serve(std::move(options), [this](const Request& request, const Responder& responder) {
            if (!wants_web_socket(request)) return responder.send({.status = 426, .body = "upgrade"});
            joined.set_value(responder.join(request, server_joint(std::move(service.near))));
        });
    }
    WebSocketRequest request(const std::string& path = "/join") const
    {
        return {.url = fmt::format("http://127.0.0.1:{}{}", server->port(), path)};
    }
};

/// A client on a thread of its own, with its end of a pair of sockets.
struct Client {
    Pair local = make_pair_of_sockets();
    std::future<Result<WebSocketOutcome>> outcome;
    RawPeer peer;

    explicit Client(const WebSocketRequest& request)
        : outcome(std::async(std::launch::async,
                             [request, near = std::make_shared<Fd>(std::move(local.near))] {
                                 return join_web_socket(request, client_joint(std::move(*near)));
                             })),
          peer(std::move(local.far))
    {
    }
    WebSocketOutcome wait()
    {
        REQUIRE(outcome.wait_for(deadline) == std::future_status::ready);
        auto result = outcome.get();
        REQUIRE(result);
        return std::move(*result);
    }
};

template <typename Condition>
bool eventually(const Condition& condition)
{
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

/// An upgrade request as it goes over the wire, for peers that then misbehave.
std::string upgrade_text(std::string_view more = {})
{
    return fmt::format("GET /join HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
                       more);
}

/// A masked binary frame (mask 0, so that the bytes stay as they are).
std::string frame(std::string_view content)
{
    std::string text("\x82", 1);
    if (content.size() < 126) {
        text += static_cast<char>(0x80U | content.size());
    } else {
        text += static_cast<char>(0x80U | 127U);
        for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>((content.size() >> shift) & 0xFFU);
    }
    return text.append(4, '\0').append(content);
}

}  // namespace

TEST_CASE("bytes go both ways, and each side's end arrives at the other")
{
    JoiningServer server;
    Client client(server.request());
    RawPeer service(std::move(server.service.far));
    REQUIRE(client.peer.send("question"));
    CHECK(service.read_exactly(8) == "question");
    REQUIRE(service.send("answer"));
    CHECK(client.peer.read_exactly(6) == "answer");

    client.peer.end_output();
    CHECK(service.read_to_end().empty());
    // Half is closed: the other direction goes on.
    REQUIRE(service.send("rest"));
    service.close();
    CHECK(client.peer.read_to_end() == "rest");
    const auto outcome = client.wait();
    CHECK(outcome.status == 101);
    CHECK(outcome.end.last_word == "{}");
    CHECK(eventually([&, joined = server.joined.get_future().get()] { return joined.is_over(); }));
}

TEST_CASE("a large transfer arrives whole in both directions at once")
{
    JoiningServer server;
    Client client(server.request());
    RawPeer service(std::move(server.service.far));
    std::string bytes(5U << 20U, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    auto sending = std::async(std::launch::async, [&] {
        const bool sent = service.send(bytes);
        service.end_output();
        return sent;
    });
    auto answering = std::async(std::launch::async, [&] {
        const bool sent = client.peer.send(bytes);
        client.peer.end_output();
        return sent;
    });
    auto received = std::async(std::launch::async, [&] { return service.read_to_end(); });
    CHECK(client.peer.read_to_end() == bytes);
    CHECK(received.get() == bytes);
    CHECK(sending.get());
    CHECK(answering.get());
    CHECK(client.wait().end.last_word == "{}");
}

TEST_CASE("a reader that does not read holds the writer back, and memory stays flat")
{
    JoiningServer server;
    Client client(server.request());
    const auto& writer = server.service.far;
    ::fcntl(writer.get(), F_SETFL, O_NONBLOCK);
    const MemoryGrowth growth;
    const std::string piece(64U << 10U, 'x');
    std::size_t written = 0;
    int refusals = 0;
    // Until nothing is taken for a while: everything on the way is full.
    while (refusals < 100 && written < (256U << 20U)) {
        const auto count = ::send(writer.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        if (count > 0) written += static_cast<std::size_t>(count);
        refusals = count > 0 ? 0 : refusals + 1;
        if (count < 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    CHECK(written < (64U << 20U));
    CHECK(growth.bytes() < (16U << 20U));
    server.service.far.reset();
    CHECK(client.peer.drain() == written);
    client.peer.close();
    CHECK(client.wait().end.last_word == "{}");
}

TEST_CASE("a client that vanishes is noticed, and what it was joined with is closed")
{
    JoiningServer server;
    auto peer = RawPeer::connect(server.server->port());
    peer.send(upgrade_text());
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
    RawPeer service(std::move(server.service.far));
    SUBCASE("by a reset")
    {
        peer.abort();
    }
    SUBCASE("by an orderly end without a closing handshake")
    {
        peer.close();
    }
    CHECK(service.is_closed_by_peer());
    CHECK(eventually([&, joined = server.joined.get_future().get()] { return joined.is_over(); }));
}

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

TEST_CASE("a client gets the server's answer where it is not joined, and a clear error where nobody answers")
{
    const auto server = serve({}, [](const Request&, const Responder& responder) {
        responder.send(
            {.status = 409, .headers = {{"Content-Type", "application/problem+json"}}, .body = "{\"code\":1}"});
    });
    WebSocketRequest request{.url = fmt::format("http://127.0.0.1:{}/join?secret=1", server->port())};
    const auto refused = join_web_socket(request, client_joint(make_pair_of_sockets().near));
    REQUIRE(refused);
    CHECK(refused->status == 409);
    CHECK(refused->body == "{\"code\":1}");

    server->stop();
    const auto missing = join_web_socket(request, client_joint(make_pair_of_sockets().near));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::unavailable);
    CHECK(missing.error().message.contains("/join"));
    CHECK_FALSE(missing.error().message.contains("secret"));
    request.url = "file:///etc/passwd";
    CHECK(join_web_socket(request, {}).error().kind == ErrorKind::invalid);
}

TEST_CASE("the last word waits for every source and for the outcome, and comes last")
{
    auto output = make_pipe();
    auto error = make_pipe();
    auto outcome = make_pipe();
    const auto server = serve({}, [&](const Request& request, const Responder& responder) {
        Joint joint;
        joint.sources.push_back({.channel = channel::output, .fd = std::move(output.near)});
        joint.sources.push_back(
            {.channel = channel::error, .fd = std::move(error.near), .filter = [](std::string_view piece) {
                 return piece.empty() ? std::string("(end)") : std::string(piece.size(), '*');
             }});
        joint.outcome = std::move(outcome.near);
        joint.describe_end = [](std::string_view said) { return "said " + std::string(said); };
        responder.join(request, std::move(joint));
    });
    auto out = make_pipe();
    auto err = make_pipe();
    auto joining = std::async(std::launch::async, [&] {
        Joint joint;
        joint.sinks.push_back({.channel = channel::output, .fd = std::move(out.far)});
        joint.sinks.push_back({.channel = channel::error, .fd = std::move(err.far)});
        return join_web_socket({.url = fmt::format("http://127.0.0.1:{}/", server->port())}, std::move(joint));
    });
    REQUIRE(::write(outcome.far.get(), "done", 4) == 4);
    outcome.far.reset();
    REQUIRE(::write(error.far.get(), "secret", 6) == 6);
    error.far.reset();
    char buffer[64];
    std::string errors;
    for (ssize_t count = 0; (count = ::read(err.near.get(), buffer, sizeof buffer)) > 0;)
        errors.append(buffer, static_cast<std::size_t>(count));
    CHECK(errors == "******(end)");
    CHECK(joining.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
    output.far.reset();
    REQUIRE(joining.wait_for(deadline) == std::future_status::ready);
    CHECK(joining.get()->end.last_word == "said done");
}

TEST_CASE("a server that stops, or lets go of one connection, ends it for the client")
{
    JoiningServer server;
    Client client(server.request());
    RawPeer service(std::move(server.service.far));
    REQUIRE(client.peer.send("x"));
    CHECK(service.read_exactly(1) == "x");
    SUBCASE("stopped")
    {
        server.server->stop();
    }
    SUBCASE("let go")
    {
        server.joined.get_future().get().close();
    }
    CHECK(service.is_closed_by_peer());
    CHECK(client.peer.is_closed_by_peer());
    CHECK(client.wait().end.last_word.empty());
}

TEST_CASE("a forwarded port gives each connection a WebSocket of its own")
{
    std::atomic<int> joined = 0;
    const RawServer service([](RawPeer& peer) {
        const auto line = peer.read_until("\n");
        peer.send("got " + line);
        peer.read_to_end();
    });
    const auto server = serve({}, [&](const Request& request, const Responder& responder) {
        ++joined;
        Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(service.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        responder.join(request, server_joint(std::move(socket)));
    });
    const auto forward = PortForward::start({.request = {.url = fmt::format("http://127.0.0.1:{}/", server->port())}});
    REQUIRE(forward);
    std::vector<RawPeer> peers;
    for (int i = 0; i < 20; ++i) peers.push_back(RawPeer::connect((*forward)->port()));
    for (std::size_t i = 0; i < peers.size(); ++i) CHECK(peers[i].send(fmt::format("line {}\n", i)));
    for (std::size_t i = 0; i < peers.size(); ++i) {
        CHECK(peers[i].read_until("\n") == fmt::format("got line {}\n", i));
        peers[i].end_output();
        CHECK(peers[i].read_to_end().empty());
    }
    CHECK(joined == 20);
    CHECK(eventually([&] { return service.connections() == 20; }));
}

TEST_CASE("a port cannot be forwarded where another program listens")
{
    const RawServer taken([](RawPeer&) {});
    const auto forward = PortForward::start(
        {.listen = {.port = taken.port(), .option = "LOCAL_PORT"}, .request = {.url = "http://127.0.0.1:1/"}});
    REQUIRE_FALSE(forward);
    CHECK(forward.error().kind == ErrorKind::conflict);
}

}  // namespace ramet::net
