#include "net/http_server.hpp"

#include "net/test_peer.hpp"
#include "net/test_server.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <filesystem>

namespace ramet::net {

using namespace testing;

TEST_CASE("a request arrives decoded")
{
    Request seen;
    const auto server = serve({}, [&](Request request, const Responder& responder) {
        seen = std::move(request);
        responder.send({});
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("POST /a/b%2Fc%20d/?x=1&y=a+b%26&z HTTP/1.1\r\nHost: api\r\nX-Two:  words here \r\nContent-Length: "
              "3\r\n\r\nabc");
    CHECK(status_of(peer.read_message()) == 200);
    CHECK(seen.method == "POST");
    CHECK(seen.path == "/a/b%2Fc%20d/");
    CHECK(seen.segments == std::vector<std::string>{"a", "b/c d"});
    CHECK(seen.query_value("x") == "1");
    CHECK(seen.query_value("y") == "a b&");
    CHECK(seen.query_value("z", "fallback") == "");
    CHECK(seen.query_value("none", "fallback") == "fallback");
    CHECK(seen.headers.get("x-two") == "words here");
    CHECK(seen.body == "abc");
    CHECK(seen.remote_address == "127.0.0.1");
}

TEST_CASE("a connection serves many requests, also when they are sent all at once")
{
    const auto server = serve({}, echo);
    auto peer = RawPeer::connect(server->port());
    std::string all;
    for (int i = 0; i < 50; ++i) all += fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{:02}", i);
    REQUIRE(peer.send(all));
    for (int i = 0; i < 50; ++i) CHECK(peer.read_message().ends_with(fmt::format("\r\n\r\n{:02}", i)));
}

TEST_CASE("a request may come byte by byte and in chunks")
{
    const auto server = serve({}, echo);
    auto peer = RawPeer::connect(server->port());
    for (const char c : std::string_view("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                         "3;name=value\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"))
        REQUIRE(peer.send({&c, 1}));
    CHECK(peer.read_message().ends_with("abc0123456789"));
}

TEST_CASE("what is malformed or ambiguous is answered and the connection closed")
{
    struct Case {
        std::string_view story, request;
        int status;
    };
    const Case cases[] = {
        {"length beside chunked",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
        {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
        {"a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
        {"a length with a plus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400},
        {"not HTTP", "hello\r\n\r\n", 400},
        {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"a broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a NUL in the path", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a broken chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"another encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    };
    std::atomic<int> handled = 0;
    const auto server = serve({}, [&](const Request&, const Responder& responder) {
        ++handled;
        responder.send({});
    });
    for (const auto& [story, request, status] : cases) {
        CAPTURE(story);
        auto peer = RawPeer::connect(server->port());
        peer.send(request);
        const auto response = peer.read_message();
        CHECK(status_of(response) == status);
        CHECK(response.contains("Connection: close\r\n"));
        CHECK(response.contains("application/problem+json"));
        CHECK(peer.is_closed_by_peer());
    }
    CHECK(handled == 0);
}

TEST_CASE("header fields over the limit are 431")
{
    const auto server = serve({}, echo);
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 70; ++i) peer.send(fmt::format("X-{}: {}\r\n", i, std::string(1000, 'x')));
    CHECK(status_of(peer.read_message()) == 431);
}

TEST_CASE("a large body that finds no room is 503, small ones are served beside it and large ones after it")
{
    const auto server = serve({.body_memory = 200'000}, echo);
    const auto post = [&](std::size_t size) {
        auto peer = RawPeer::connect(server->port());
        peer.send(fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", size) +
                  std::string(size, 'x'));
        return peer.read_message();
    };
    for (int round = 0; round < 3; ++round) {
        const auto refused = post(200'001);
        CHECK(status_of(refused) == 503);
        CHECK(refused.find("Connection: close") != std::string::npos);
        CHECK(status_of(post(3)) == 200);
        CHECK(status_of(post(200'000)) == 200);
    }
}

TEST_CASE("a body over the limit is 413 without being read, announced or not")
{
    const auto server = serve({.body_limit = 1000}, echo);
    auto announced = RawPeer::connect(server->port());
    announced.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    CHECK(status_of(announced.read_message()) == 413);
    auto chunked = RawPeer::connect(server->port());
    chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'));
    CHECK(status_of(chunked.read_message()) == 413);
    auto fits = RawPeer::connect(server->port());
    fits.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
    CHECK(status_of(fits.read_message()) == 200);
}

TEST_CASE("memory stays flat while somebody sends a hundred megabytes too many")
{
    const auto server = serve({.body_limit = 1000}, echo);
    auto peer = RawPeer::connect(server->port());
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6400000\r\n");
    const MemoryGrowth growth;
    const std::string megabyte(1U << 20U, 'x');
    for (int i = 0; i < 100; ++i)
        if (!peer.send(megabyte)) break;
    CHECK(status_of(peer.read_message()) == 413);
    CHECK(growth.bytes() < (16U << 20U));
}

TEST_CASE("the limit may depend on the method and the target")
{
    const auto server = serve({.limit_for = [](std::string_view method, std::string_view target) -> std::size_t {
                                  return method == "PUT" && target == "/big?x" ? 100 : 1;
                              }},
                              echo);
    for (const auto& [line, status] : {std::pair("PUT /big?x", 200), {"POST /big?x", 413}, {"PUT /small", 413}}) {
        CAPTURE(line);
        auto peer = RawPeer::connect(server->port());
        peer.send(fmt::format("{} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", line));
        CHECK(status_of(peer.read_message()) == status);
    }
}

TEST_CASE("a client that expects 100 gets it, unless its body is too large")
{
    const auto server = serve({.body_limit = 10}, echo);
    auto peer = RawPeer::connect(server->port());
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("abc");
    CHECK(peer.read_message().ends_with("abc"));
    auto large = RawPeer::connect(server->port());
    large.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    CHECK(status_of(large.read_message()) == 413);
}

TEST_CASE("who sends its head or its body too slowly is told and closed")
{
    const auto server =
        serve({.head_timeout = std::chrono::milliseconds(300), .idle_timeout = std::chrono::milliseconds(300)}, echo);
    auto head = RawPeer::connect(server->port());
    head.send("GET / HTTP/1.1\r\nHost:");
    CHECK(status_of(head.read_message()) == 408);
    CHECK(head.is_closed_by_peer());
    auto body = RawPeer::connect(server->port());
    body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
    CHECK(status_of(body.read_message()) == 408);
    auto silent = RawPeer::connect(server->port());
    CHECK(silent.read_to_end().empty());
}

TEST_CASE("an idle connection is closed after its time")
{
    const auto server = serve({.keep_alive_timeout = std::chrono::milliseconds(300)}, echo);
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(status_of(peer.read_message()) == 200);
    CHECK(peer.is_closed_by_peer());
}

TEST_CASE("HTTP/1.0 and Connection: close end with the answer; HTTP/1.0 may ask to keep the connection")
{
    const auto server = serve({}, echo);
    for (const std::string_view request :
         {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}) {
        auto peer = RawPeer::connect(server->port());
        peer.send(request);
        CHECK(peer.read_message().contains("Connection: close\r\n"));
        CHECK(peer.is_closed_by_peer());
    }
    auto kept = RawPeer::connect(server->port());
    for (int i = 0; i < 2; ++i) {
        kept.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
        CHECK(kept.read_message().contains("Connection: keep-alive\r\n"));
    }
}

TEST_CASE("HEAD, 204 and 304 have no body")
{
    const auto server = serve({}, [](const Request& request, const Responder& responder) {
        const int status = request.path == "/204" ? 204 : request.path == "/304" ? 304 : 200;
        responder.send({.status = status, .body = "body"});
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n").contains("Content-Length: 4\r\n"));
    for (const std::string path : {"/204", "/304"}) {
        peer.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK_FALSE(peer.read_until("\r\n\r\n").contains("Content-Length"));
    }
    peer.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(peer.read_message().starts_with("HTTP/1.1 200"));
}

TEST_CASE("a handler that throws or never answers gives 500, and the connection goes on")
{
    const auto server = serve({}, [](const Request& request, const Responder&) {
        if (request.path == "/throw") throw std::runtime_error("secret detail");
    });
    auto peer = RawPeer::connect(server->port());
    for (const std::string path : {"/throw", "/silent"}) {
        peer.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto response = peer.read_message();
        CHECK(status_of(response) == 500);
        CHECK_FALSE(response.contains("secret detail"));
    }
}

TEST_CASE("a full queue is 503 and the next request is served")
{
    Signal release;
    Signal running;
    std::atomic<int> handled = 0;
    const auto server = serve({.workers = 1, .queue_limit = 1}, [&](const Request&, const Responder& responder) {
        if (handled++ == 0) {
            running.set();
            release.wait();
        }
        responder.send({});
    });
    const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    auto first = RawPeer::connect(server->port());
    first.send(request);
    REQUIRE(running.wait());
    auto second = RawPeer::connect(server->port());
    auto third = RawPeer::connect(server->port());
    second.send(request);
    third.send(request);
    // Which of the two is queued and which is turned away is the network's choice.
    pollfd waiting[] = {{second.fd(), POLLIN, 0}, {third.fd(), POLLIN, 0}};
    REQUIRE(::poll(waiting, 2, 20'000) == 1);
    auto& refused = waiting[0].revents ? second : third;
    auto& queued = waiting[0].revents ? third : second;
    const auto response = refused.read_message();
    CHECK(status_of(response) == 503);
    CHECK(response.contains("Retry-After: 1\r\n"));
    release.set();
    CHECK(status_of(first.read_message()) == 200);
    CHECK(status_of(queued.read_message()) == 200);
    refused.send(request);
    CHECK(status_of(refused.read_message()) == 200);
}

TEST_CASE("a handler may answer later, from another thread")
{
    std::jthread later;
    const auto server = serve({.workers = 1}, [&](const Request&, Responder responder) {
        later = std::jthread([responder = std::move(responder)] { responder.send({.body = "late"}); });
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(peer.read_message().ends_with("late"));
}

TEST_CASE("only the first answer counts, and a header with a line break is left out")
{
    const auto server = serve({}, [](const Request&, const Responder& responder) {
        responder.send({.headers = {{"X-Bad", "a\r\nSet-Cookie: b"}, {"X-Good", "c"}}, .body = "first"});
        responder.send({.body = "second"});
    });
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
        const auto response = peer.read_message();
        CHECK(response.ends_with("first"));
        CHECK_FALSE(response.contains("Set-Cookie"));
        CHECK(response.contains("X-Good: c\r\n"));
    }
}

TEST_CASE("a taken port is a conflict that says how to choose another")
{
    const auto server = serve({}, echo);
    const auto second = HttpServer::start({.listen = {.port = server->port(), .option = "--listen"}}, echo);
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::conflict);
    CHECK(second.error().message.contains(fmt::format("127.0.0.1:{}", server->port())));
    CHECK(second.error().next_step.contains("--listen"));
}

TEST_CASE("a server without free descriptors serves on when there are some again")
{
    const auto server = serve({}, echo);
    auto peer = RawPeer::unconnected();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{static_cast<rlim_t>(peer.fd()) + 1, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    std::vector<Fd> taken;
    while (taken.empty() || taken.back()) taken.emplace_back(fcntl(peer.fd(), F_DUPFD_CLOEXEC, 0));
    peer.connect_to(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pollfd waiting{peer.fd(), POLLIN, 0};
    CHECK(::poll(&waiting, 1, 150) == 0);
    taken.clear();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(status_of(peer.read_message()) == 200);
}

TEST_CASE("no descriptor of a running server is inherited by programs")
{
    const auto server = serve({}, echo);
    auto peer = RawPeer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.read_message();
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename());
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
        CAPTURE(target);
        const bool ours = target.starts_with("socket:") || target.starts_with("anon_inode:");
        if (fd > 2 && ours) CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
}

}  // namespace ramet::net
