#include "net/multiplexed_client.hpp"

#include "base/subprocess.hpp"
#include "net/test_identity.hpp"
#include "net/test_peer.hpp"
#include "support/temporary.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <semaphore>
#include <thread>

#include <doctest/doctest.h>

namespace ramet::net {

using namespace testing;

namespace {

/// A real HTTP/2 server (tests/support/h2_server.py): its paths say what it does.
class H2Server {
public:
    H2Server()
    {
        REQUIRE(write_file(folder_.path() / "server.crt", identity_.certificate_pem()));
        REQUIRE(write_file(folder_.path() / "server.key", identity_.key_pem()));
        thread_ = std::jthread([this](const std::stop_token& stop) {
            output_ = run_command({.arguments = {"/usr/bin/python3", RAMET_H2_SERVER, folder_.path().string()},
                                   .timeout = std::chrono::minutes(5),
                                   .stop = stop});
        });
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (!(port_ = read_file(folder_.path() / "port"))) {
            if (std::chrono::steady_clock::now() > end) FAIL("the HTTP/2 server does not come up");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    std::string url(std::string_view path) const { return fmt::format("https://127.0.0.1:{}{}", *port_, path); }
    CurlOptions options() const { return {.authorities_pem = identity_.certificate_pem()}; }

private:
    ramet::testing::TemporaryDirectory folder_;
    Identity identity_;
    Result<std::string> port_ = std::unexpected(Error{});
    Result<CommandOutput> output_ = std::unexpected(Error{});
    std::jthread thread_;
};

const std::string& body_of(const Result<HttpResponse>& response)
{
    if (!response) FAIL(response.error().message);
    return response->body;
}

}  // namespace

TEST_CASE("requests of many threads are streams of one connection")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    constexpr int together = 32;
    std::mutex mutex;
    std::map<std::string, int> bodies;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < together; ++i)
            threads.emplace_back([&] {
                const auto response = client.send({.url = server.url(fmt::format("/together/{}", together))});
                const std::lock_guard lock(mutex);
                ++bodies[response ? response->body : response.error().message];
            });
    }
    CHECK(bodies == std::map<std::string, int>{{"connection 1 of 1", together}});
}

TEST_CASE("a multiplexed request carries method and body as any other")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
        CHECK(body_of(client.send({.method = method, .url = server.url("/echo"), .body = "text"})) == method + " text");
    CHECK(body_of(client.send({.method = "POST", .url = server.url("/echo")})) == "POST ");
}

TEST_CASE("a stream that waits, is too late or is stopped holds up no other one")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    std::stop_source source;
    Result<HttpResponse> stopped = std::unexpected(Error{});
    std::jthread waiting([&] { stopped = client.send({.url = server.url("/silent")}, source.get_token()); });
    const auto late = client.send({.url = server.url("/silent"), .timeout = std::chrono::milliseconds(100)});
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == ErrorKind::timeout);
    CHECK(body_of(client.send({.url = server.url("/echo")})) == "GET ");
    source.request_stop();
    waiting.join();
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().kind == ErrorKind::cancelled);
    CHECK(body_of(client.send({.url = server.url("/together/1")})) == "connection 1 of 1");
}

TEST_CASE("a stream that the server resets fails alone")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    const auto reset = client.send({.method = "POST", .url = server.url("/reset")});
    REQUIRE_FALSE(reset);
    CHECK(reset.error().kind == ErrorKind::unavailable);
    CHECK(body_of(client.send({.url = server.url("/together/1")})) == "connection 1 of 1");
}

TEST_CASE("after a connection that takes no more, the next request makes another")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    CHECK(body_of(client.send({.url = server.url("/last")})) == "no more");
    CHECK(body_of(client.send({.url = server.url("/together/1")})) == "connection 2 of 2");
}

TEST_CASE("a slow reader of one stream gets all of it and holds up no other one")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    constexpr std::size_t size = 5'000'000;
    std::size_t read = 0;
    std::binary_semaphore first_read(0), others_done(0);
    std::jthread reader([&] {
        const auto response = client.send_streaming({.url = server.url(fmt::format("/bytes/{}", size))},
                                                    [&, is_first = true](std::string_view chunk) mutable {
                                                        read += chunk.size();
                                                        if (std::exchange(is_first, false)) {
                                                            first_read.release();
                                                            others_done.acquire();
                                                        }
                                                        return Flow::keep;
                                                    });
        CHECK(response);
    });
    first_read.acquire();
    for (int i = 0; i < 10; ++i) CHECK(body_of(client.send({.url = server.url("/bytes/100000")})).size() == 100'000);
    others_done.release();
    reader.join();
    CHECK(read == size);
}

TEST_CASE("a reader that has enough ends its stream with success")
{
    const H2Server server;
    MultiplexedClient client(server.options());
    std::size_t chunks = 0;
    const auto response = client.send_streaming({.url = server.url("/bytes/5000000")}, [&](std::string_view) {
        ++chunks;
        return Flow::stop;
    });
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(chunks == 1);
    CHECK(body_of(client.send({.url = server.url("/together/1")})) == "connection 1 of 1");
}

}  // namespace ramet::net
