#include "net/http_client.hpp"

#include "net/http_server.hpp"
#include "net/multiplexed_client.hpp"
#include "net/test_peer.hpp"

#include <sys/un.h>

namespace ramet::net {

using namespace testing;

namespace {

std::unique_ptr<HttpServer> serve(Handler handler)
{
    auto server = HttpServer::start({.workers = 4}, std::move(handler));
    REQUIRE(server);
    return std::move(*server);
}

std::string url_of(std::uint16_t port, std::string_view path = "/")
{
    return fmt::format("http://127.0.0.1:{}{}", port, path);
}

Response echo(const Request& request)
{
    return {.status = 201, .headers = {{"X-Method", request.method}}, .body = request.body};
}

}  // namespace

TEST_CASE_TEMPLATE("the client sends method, headers and body and gets status, headers and body", Client, CurlClient,
                   MultiplexedClient)
{
    const auto server = serve([](const Request& request, const Responder& responder) {
        auto response = echo(request);
        response.headers.set("X-Got", request.headers.get("x-sent"));
        responder.send(std::move(response));
    });
    Client client;
    for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        CAPTURE(method);
        const auto response = client.send(
            {.method = method, .url = url_of(server->port()), .headers = {{"X-Sent", "yes"}}, .body = "the body"});
        REQUIRE(response);
        CHECK(response->status == 201);
        CHECK(response->headers.get("x-METHOD") == method);
        CHECK(response->headers.get("x-got") == "yes");
        CHECK(response->body == "the body");
    }
}

TEST_CASE_TEMPLATE("the client adds no Content-Type, Expect or Accept-Encoding of its own and sends an empty POST",
                   Client, CurlClient, MultiplexedClient)
{
    Headers seen;
    const auto server = serve([&](const Request& request, const Responder& responder) {
        seen = request.headers;
        responder.send({});
    });
    REQUIRE(Client().send({.method = "POST", .url = url_of(server->port())}));
    CHECK_FALSE(seen.contains("content-type"));
    CHECK_FALSE(seen.contains("expect"));
    CHECK_FALSE(seen.contains("accept-encoding"));
    CHECK(seen.get("content-length") == "0");
}

TEST_CASE_TEMPLATE("HEAD has no body and does not wait for one", Client, CurlClient, MultiplexedClient)
{
    const auto server =
        serve([](const Request& request, const Responder& responder) { responder.send(echo(request)); });
    const auto response = Client().send({.method = "HEAD", .url = url_of(server->port())});
    REQUIRE(response);
    CHECK(response->headers.get("X-Method") == "HEAD");
    CHECK(response->body.empty());
}

TEST_CASE_TEMPLATE("connections are reused from request to request", Client, CurlClient, MultiplexedClient)
{
    std::atomic<int> requests = 0;
    RawServer server([&](RawPeer& peer) {
        while (!peer.read_until("\r\n\r\n").empty()) {
            ++requests;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    Client client;
    for (int i = 0; i < 5; ++i) CHECK(client.send({.url = url_of(server.port())}));
    CHECK(requests == 5);
    CHECK(server.connections() == 1);
}

TEST_CASE_TEMPLATE("many threads may use one client", Client, CurlClient, MultiplexedClient)
{
    const auto server =
        serve([](const Request& request, const Responder& responder) { responder.send(echo(request)); });
    Client client;
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&, i] {
                for (int round = 0; round < 10; ++round) {
                    const auto body = fmt::format("{}/{}", i, round);
                    const auto response = client.send({.method = "POST", .url = url_of(server->port()), .body = body});
                    if (response && response->body == body) ++right;
                }
            });
    }
    CHECK(right == 80);
}

TEST_CASE_TEMPLATE("what is not a response is a transport error with its kind", Client, CurlClient, MultiplexedClient)
{
    RawServer silent([](RawPeer& peer) { peer.read_to_end(); });
    RawServer rude([](RawPeer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    });
    RawServer gone([](RawPeer&) {});
    const auto free_port = [] {
        RawServer server([](RawPeer&) {});
        return server.port();
    }();
    struct Case {
        std::string_view story;
        std::string url;
        ErrorKind kind;
    };
    const Case cases[] = {
        {"nobody listens", url_of(free_port), ErrorKind::unavailable},
        {"nobody answers", url_of(silent.port()), ErrorKind::timeout},
        {"the body is cut off", url_of(rude.port()), ErrorKind::unavailable},
        {"the connection is closed without an answer", url_of(gone.port()), ErrorKind::unavailable},
        {"no such host", "http://nowhere.invalid/", ErrorKind::unavailable},
        {"not HTTP", "file:///etc/passwd", ErrorKind::invalid},
        {"gopher", "gopher://127.0.0.1/", ErrorKind::invalid},
        {"no URL at all", "", ErrorKind::invalid},
        {"a line break", "http://127.0.0.1/\r\nX: y", ErrorKind::invalid},
    };
    Client client;
    for (const auto& [story, url, kind] : cases) {
        CAPTURE(story);
        const auto response = client.send({.url = url, .timeout = std::chrono::milliseconds(300)});
        REQUIRE_FALSE(response);
        CAPTURE(response.error().message);
        CHECK(response.error().kind == kind);
    }
}

TEST_CASE_TEMPLATE("a header with a line break is refused before anything is sent", Client, CurlClient,
                   MultiplexedClient)
{
    const auto response = Client().send({.url = "http://127.0.0.1:1/", .headers = {{"X-A", "b\r\nX-C: d"}}});
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == ErrorKind::invalid);
}

TEST_CASE_TEMPLATE("errors name the method, host and path but neither the user nor the query", Client, CurlClient,
                   MultiplexedClient)
{
    const auto response = Client().send({.url = "http://user:secret@127.0.0.1:1/path?token=hidden"});
    REQUIRE_FALSE(response);
    CHECK(response.error().message.starts_with("GET http://127.0.0.1:1/path: "));
    CHECK_FALSE(response.error().message.contains("secret"));
    CHECK_FALSE(response.error().message.contains("hidden"));
}

TEST_CASE_TEMPLATE("a response over the limit is refused and not kept", Client, CurlClient, MultiplexedClient)
{
    const auto server =
        serve([](const Request&, const Responder& responder) { responder.send({.body = std::string(100'000, 'x')}); });
    Client client;
    const auto refused = client.send({.url = url_of(server->port()), .response_limit = 99'999});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK(client.send({.url = url_of(server->port()), .response_limit = 100'000}));
}

TEST_CASE_TEMPLATE("redirects are values unless following them was asked for", Client, CurlClient, MultiplexedClient)
{
    const auto server = serve([](const Request& request, const Responder& responder) {
        if (request.path == "/end") return responder.send({.body = "arrived"});
        if (request.path == "/loop") return responder.send({.status = 302, .headers = {{"Location", "/loop"}}});
        responder.send({.status = 302, .headers = {{"Location", "/end"}, {"X-First", "yes"}}});
    });
    Client client;
    CHECK(client.send({.url = url_of(server->port())})->status == 302);
    const auto followed = client.send({.url = url_of(server->port()), .redirects = 3});
    REQUIRE(followed);
    CHECK(followed->body == "arrived");
    CHECK_FALSE(followed->headers.contains("X-First"));
    const auto endless = client.send({.url = url_of(server->port(), "/loop"), .redirects = 3});
    REQUIRE_FALSE(endless);
    CHECK(endless.error().kind == ErrorKind::refused);
}

TEST_CASE_TEMPLATE("public_only refuses inner addresses in every disguise when it connects", Client, CurlClient,
                   MultiplexedClient)
{
    RawServer server([](RawPeer& peer) { peer.read_to_end(); });
    const auto port = server.port();
    Client client({.addresses = AddressPolicy::public_only});
    for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]",
                                   "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "10.0.0.1", "192.168.1.1", "169.254.1.1",
                                   "169.254.169.254", "100.64.0.1", "0.0.0.0", "[fe80::1]", "[fd00::1]"}) {
        CAPTURE(host);
        const auto response = client.send({.url = fmt::format("http://{}:{}/", host, port)});
        REQUIRE_FALSE(response);
        CAPTURE(response.error().message);
        CHECK(response.error().kind == ErrorKind::egress_denied);
    }
    CHECK(server.connections() == 0);
}

TEST_CASE_TEMPLATE("a redirect to a metadata address is refused even where any address is allowed", Client, CurlClient,
                   MultiplexedClient)
{
    const auto server = serve([](const Request&, const Responder& responder) {
        responder.send({.status = 302, .headers = {{"Location", "http://169.254.169.254/latest/meta-data/"}}});
    });
    const auto response = Client().send({.url = url_of(server->port()), .redirects = 5});
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == ErrorKind::egress_denied);
}

TEST_CASE_TEMPLATE("a stop request ends a waiting call at once", Client, CurlClient, MultiplexedClient)
{
    Signal arrived;
    RawServer silent([&](RawPeer& peer) {
        peer.read_until("\r\n\r\n");
        arrived.set();
        peer.read_to_end();
    });
    std::stop_source stop;
    std::jthread stopper([&] {
        arrived.wait();
        stop.request_stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto response = Client().send({.url = url_of(silent.port())}, stop.get_token());
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == ErrorKind::cancelled);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE_TEMPLATE("a stream hands over each event as it arrives and ends when the reader says so", Client, CurlClient,
                   MultiplexedClient)
{
    Signal first_seen;
    const auto server = serve([&](const Request&, const Responder& responder) {
        const auto writer = responder.stream({.headers = {{"Content-Type", "text/event-stream"}}});
        writer.write("data: 1\n\n");
        first_seen.wait();
        writer.write("data: 2\n\n");  // Left open: the reader is the one who ends it.
    });
    std::string seen;
    const auto response = Client().send_streaming({.url = url_of(server->port())}, [&](std::string_view chunk) {
        seen += chunk;
        if (seen == "data: 1\n\n") first_seen.set();
        return seen.ends_with("data: 2\n\n") ? Flow::stop : Flow::keep;
    });
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->headers.get("content-type") == "text/event-stream");
    CHECK(seen == "data: 1\n\ndata: 2\n\n");
}

TEST_CASE_TEMPLATE("a stream's error status keeps its body; silence beyond the idle time is a timeout", Client,
                   CurlClient, MultiplexedClient)
{
    Signal done;
    const auto server = serve([&](const Request& request, const Responder& responder) {
        if (request.path == "/error") return responder.send({.status = 404, .body = "no such log"});
        const auto writer = responder.stream({});
        writer.write("x");
        done.wait();
    });
    Client client;
    int chunks = 0;
    const auto count = [&](std::string_view) {
        ++chunks;
        return Flow::keep;
    };
    const auto missing = client.send_streaming({.url = url_of(server->port(), "/error")}, count);
    REQUIRE(missing);
    CHECK(missing->status == 404);
    CHECK(missing->body == "no such log");
    CHECK(chunks == 0);
    const auto silent =
        client.send_streaming({.url = url_of(server->port()), .idle_timeout = std::chrono::milliseconds(200)}, count);
    done.set();
    REQUIRE_FALSE(silent);
    CHECK(silent.error().kind == ErrorKind::timeout);
    CHECK(chunks == 1);
}

TEST_CASE_TEMPLATE("a unix socket takes the place of the URL's host, under any policy", Client, CurlClient,
                   MultiplexedClient)
{
    char directory[] = "/tmp/ramet-net-test-XXXXXX";
    REQUIRE(mkdtemp(directory));
    const Path path = Path(directory) / "socket";
    Fd listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening.get(), 1) == 0);
    std::jthread server([&] {
        RawPeer peer(Fd(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)));
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix");
    });
    const auto response =
        Client({.addresses = AddressPolicy::public_only, .unix_socket = path}).send({.url = "http://daemon/info"});
    REQUIRE(response);
    CHECK(response->body == "unix");
    std::filesystem::remove_all(directory);
}

}  // namespace ramet::net
