#include "net/http_server.hpp"

#include "net/test_peer.hpp"
#include "net/test_server.hpp"

#include <future>

namespace ramet::net {

using namespace testing;

TEST_CASE("a stream holds no worker: a hundred of them and one worker still answers")
{
    std::mutex mutex;
    std::vector<StreamWriter> writers;
    const auto server = serve({.workers = 1}, [&](const Request& request, const Responder& responder) {
        if (request.path != "/events") return responder.send({.body = "answered"});
        const std::lock_guard lock(mutex);
        writers.push_back(responder.stream({.headers = {{"Content-Type", "text/event-stream"}}}));
    });
    std::vector<RawPeer> peers;
    for (int i = 0; i < 100; ++i) {
        peers.push_back(RawPeer::connect(server->port()));
        peers.back().send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(peers.back().read_until("\r\n\r\n").contains("Transfer-Encoding: chunked\r\n"));
    }
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(peer.read_message().ends_with("answered"));
    const std::lock_guard lock(mutex);
    for (const auto& writer : writers) CHECK(writer.write("data: x\n\n"));
    for (auto& each : peers) CHECK(each.read_until("x\n\n\r\n") == "9\r\ndata: x\n\n\r\n");
}

TEST_CASE("a stream that was closed ends properly and the connection serves on")
{
    const auto server = serve({}, [](const Request& request, const Responder& responder) {
        if (request.path == "/next") return responder.send({.body = "next"});
        const auto writer = responder.stream({.body = "head "});
        writer.write("one ");
        writer.write("two");
        writer.close();
        CHECK_FALSE(writer.write("too late"));
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto text = peer.read_until("\r\n0\r\n\r\n");
    CHECK(text.contains("head "));
    CHECK(text.contains("two"));
    peer.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(peer.read_message().ends_with("next"));
}

TEST_CASE("an HTTP/1.0 client gets a stream without chunks, ended by closing")
{
    const auto server = serve({}, [](const Request&, const Responder& responder) {
        const auto writer = responder.stream({});
        writer.write("plain");
        writer.close();
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    CHECK(peer.read_to_end().ends_with("\r\n\r\nplain"));
}

TEST_CASE("the writer learns that the client left")
{
    Signal left;
    std::promise<StreamWriter> started;
    const auto server = serve({}, [&](const Request&, const Responder& responder) {
        const auto writer = responder.stream({});
        writer.on_closed([&] { left.set(); });
        started.set_value(writer);
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto writer = started.get_future().get();
    peer.read_until("\r\n\r\n");
    peer.close();
    CHECK(left.wait());
    CHECK_FALSE(writer.write("x"));
    bool at_once = false;
    writer.on_closed([&] { at_once = true; });
    CHECK(at_once);
}

TEST_CASE("a client that does not read is cut off when its buffer is full")
{
    Signal cut;
    std::atomic<std::size_t> written = 0;
    const auto server = serve({.stream_buffer_limit = 100'000}, [&](const Request&, const Responder& responder) {
        const auto writer = responder.stream({});
        writer.on_closed([&] { cut.set(); });
        const std::string piece(10'000, 'x');
        while (written < (1U << 30U) && writer.write(piece)) written += piece.size();
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(cut.wait());
    CHECK(written < (64U << 20U));
}

TEST_CASE("stop lets a running request end, ends streams and refuses new connections")
{
    Signal running;
    Signal ended;
    std::stop_token seen;
    auto server = serve({}, [&](const Request& request, const Responder& responder) {
        if (request.path == "/stream") {
            responder.stream({}).on_closed([&] { ended.set(); });
            return;
        }
        Signal stopped;
        const std::stop_callback on_stop(request.stop, [&] { stopped.set(); });
        running.set();
        stopped.wait();
        responder.send({.body = "done"});
    });
    auto stream = RawPeer::connect(server->port());
    stream.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.read_until("\r\n\r\n");
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(running.wait());
    std::jthread reader([&] { CHECK(peer.read_to_end().ends_with("done")); });
    server->stop();
    CHECK(ended.wait());
    const auto port = server->port();
    server.reset();
    CHECK(check_port_is_free({.port = port}));
}

TEST_CASE("writers and responders may outlive the server")
{
    std::promise<Responder> responder;
    std::promise<StreamWriter> writer;
    auto server = serve({}, [&](const Request& request, Responder given) {
        if (request.path == "/stream")
            writer.set_value(given.stream({}));
        else
            responder.set_value(std::move(given));
    });
    auto one = RawPeer::connect(server->port());
    auto two = RawPeer::connect(server->port());
    one.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    two.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto kept = responder.get_future().get();
    const auto stream = writer.get_future().get();
    server->stop(std::chrono::milliseconds(50));
    server.reset();
    CHECK_FALSE(stream.write("x"));
    kept.send({});
}

}  // namespace ramet::net
