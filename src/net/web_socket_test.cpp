#include "net/web_socket_client.hpp"

#include "net/test_web_socket.hpp"

namespace ramet::net {

using namespace testing;

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

TEST_CASE("a client that does not answer the good-bye is cut off")
{
    JoiningServer server;
    auto peer = RawPeer::connect(server.server->port());
    peer.send(upgrade_text());
    peer.read_until("\r\n\r\n");
    RawPeer service(std::move(server.service.far));
    // Before the server has seen its own answer leave there is nobody to say good-bye to.
    peer.send(frame(std::string_view("\0x", 2)));
    CHECK(service.read_exactly(1) == "x");
    server.joined.get_future().get().close();
    CHECK(peer.read_exactly(1) == "\x88");
    CHECK(service.is_closed_by_peer());
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
