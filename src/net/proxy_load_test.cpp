#include "net/proxy.hpp"
#include "net/test_peer.hpp"
#include "net/test_proxy.hpp"

namespace ramet::net {

using namespace testing;

namespace {

constexpr std::size_t megabyte = 1U << 20U;
constexpr std::size_t large = 100 * megabyte;

/// Answers every request with its own name, until it is stopped.
RawServer::Script answer_with(std::string name)
{
    return [name = std::move(name)](RawPeer& peer) {
        while (!peer.read_message().empty())
            if (!peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", name.size(), name))) return;
    };
}

}  // namespace

TEST_CASE("a hundred megabytes pass in each direction and memory stays flat")
{
    std::atomic<std::size_t> received = 0;
    RawServer service([&](RawPeer& peer) {
        const std::string piece(megabyte, 'y');
        const auto head = peer.read_until("\r\n\r\n");
        if (head.starts_with("POST")) {
            while (received < large) received += peer.read_exactly(std::min(megabyte, large - received)).size();
            peer.send(ok_response);
            return;
        }
        const bool chunked = head.contains("/chunked");
        peer.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          : fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", large));
        for (std::size_t i = 0; i < 100; ++i) {
            if (chunked) peer.send("100000\r\n");
            peer.send(piece);
            if (chunked) peer.send("\r\n");
        }
        if (chunked) peer.send("0\r\n\r\n");
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    const std::string piece(megabyte, 'x');
    const MemoryGrowth growth;
    auto peer = proxy.connect();
    peer.send(fmt::format("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", large));
    for (int i = 0; i < 100; ++i) REQUIRE(peer.send(piece));
    CHECK(peer.read_message().ends_with("ok"));
    CHECK(received == large);
    for (const std::string path : {"/length", "/chunked"}) {
        CAPTURE(path);
        auto reader = proxy.connect();
        reader.send("GET " + path + " HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        reader.read_until("\r\n\r\n");
        CHECK(reader.drain() >= large);
    }
    CHECK(growth.bytes() < 24 * megabyte);
}

TEST_CASE("a client that does not read holds the service back, and memory stays flat")
{
    Signal stuck;
    RawServer service([&](RawPeer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        const std::string piece(64U << 10U, 'y');
        // A socket that takes nothing for a while: what lies between has filled up.
        pollfd writable{peer.fd(), POLLOUT, 0};
        while (::poll(&writable, 1, 300) == 1 &&
               ::send(peer.fd(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {}
        stuck.set();
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    const MemoryGrowth growth;
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    CHECK(stuck.wait());
    CHECK(growth.bytes() < 16 * megabyte);
    CHECK(peer.drain() > 0);
}

TEST_CASE("a service that restarts between two requests is reached over a new connection")
{
    ProxyFixture proxy({.threads = 1});
    auto service = std::make_unique<RawServer>(answer_with("old"));
    const auto port = service->port();
    proxy.route("a.test", port);
    auto peer = proxy.connect();
    CHECK(peer_get(peer, "a.test").ends_with("old"));
    service.reset();
    service = std::make_unique<RawServer>(answer_with("new"), port);
    for (int i = 0; i < 5; ++i) CHECK(peer_get(peer, "a.test").ends_with("new"));
}

TEST_CASE("a request on an idle connection that breaks is sent again, unless it could have been carried out")
{
    struct Case {
        std::string_view story, request, want;
    };
    const Case cases[] = {
        {"GET", "GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200"},
        {"POST without a body", "POST /second HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200"},
        {"PUT with a small body", "PUT /second HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 200"},
        {"POST with a body", "POST /second HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 502"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.story);
        std::atomic<int> connections = 0;
        RawServer service([&](RawPeer& peer) {
            const bool is_first = connections++ == 0;
            peer.read_message();
            peer.send(ok_response);
            // The second request on the first connection is read, and the connection breaks instead of an answer.
            if (is_first && !peer.read_message().empty()) peer.abort();
        });
        ProxyFixture proxy({.threads = 1});
        proxy.route("a.test", service.port());
        auto peer = proxy.connect();
        CHECK(peer_get(peer, "a.test").ends_with("ok"));
        peer.send(each.request);
        CHECK(peer.read_message().starts_with(each.want));
    }
}

TEST_CASE("switching a route under load loses no request, and both versions are seen")
{
    RawServer old_version(answer_with("old"));
    RawServer new_version(answer_with("new"));
    ProxyFixture proxy;
    proxy.route("a.test", old_version.port());
    std::atomic<int> seen_old = 0;
    std::atomic<int> seen_new = 0;
    std::atomic<int> lost = 0;
    std::atomic<bool> finished = false;
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([&] {
            auto peer = proxy.connect();
            while (!finished) {
                const auto response = peer_get(peer, "a.test");
                if (response.ends_with("old"))
                    ++seen_old;
                else if (response.ends_with("new"))
                    ++seen_new;
                else
                    ++lost;
            }
        });
    const auto end = std::chrono::steady_clock::now() + deadline;
    const auto wait_for_more = [&](const std::atomic<int>& count) {
        const int before = count;
        while (count < before + 20 && lost == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    };
    for (int round = 0; round < 10; ++round) {
        wait_for_more(seen_old);
        proxy.route("a.test", new_version.port());
        wait_for_more(seen_new);
        proxy.route("a.test", old_version.port());
    }
    finished = true;
    clients.clear();
    CHECK(lost == 0);
    CHECK(seen_old >= 200);
    CHECK(seen_new >= 200);
}

TEST_CASE("a request in flight ends on the service where it began, though its route is gone")
{
    Signal arrived;
    Signal removed;
    RawServer service([&](RawPeer& peer) {
        peer.read_message();
        arrived.set();
        removed.wait();
        peer.send(ok_response);
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    REQUIRE(arrived.wait());
    proxy.routes.remove("A.test.");
    removed.set();
    CHECK(peer.read_message().ends_with("ok"));
    CHECK(peer_get(peer, "a.test").starts_with("HTTP/1.1 404"));
}

TEST_CASE("stop lets the running request end, and closes idle connections and tunnels at once")
{
    Signal arrived;
    Signal release;
    RawServer service([&](RawPeer& peer) {
        if (peer.read_message().contains("Upgrade")) {
            peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            peer.drain();
            return;
        }
        arrived.set();
        release.wait();
        peer.send(ok_response);
    });
    ProxyFixture proxy;
    proxy.route("a.test", service.port());
    auto idle = proxy.connect();
    peer_get(idle, "none.test");
    auto tunnel = proxy.connect();
    tunnel.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    tunnel.read_until("\r\n\r\n");
    auto peer = proxy.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    REQUIRE(arrived.wait());
    std::jthread stopping([&] { proxy.proxy->stop(deadline); });
    CHECK(idle.is_closed_by_peer());
    CHECK(tunnel.is_closed_by_peer());
    release.set();
    const auto response = peer.read_message();
    CHECK(response.ends_with("ok"));
    CHECK(response.contains("Connection: close\r\n"));
}

TEST_CASE("an idle proxy does not run: its threads use no processor time")
{
    ProxyFixture proxy;
    proxy.route("a.test", unused_port());
    std::vector<RawPeer> peers;
    for (int i = 0; i < 50; ++i) {
        peers.push_back(proxy.connect());
        peer_get(peers.back(), "none.test");
    }
    const auto begin = std::clock();
    // Nothing to wait for here but time itself: the peer never sends.
    pollfd silent{peers.front().fd(), POLLIN, 0};
    CHECK(::poll(&silent, 1, 1000) == 0);
    const auto used = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    CHECK(used < 0.02);
}

}  // namespace ramet::net
