#include "targets/local/environment_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ramet;
using namespace ramet::targets::local;

namespace {

/// Gives everything back once it has read the end of the stream; says first what it is.
constexpr std::string_view echo_server = R"(
import os, socket, threading
def serve(connection):
    data = bytearray()
    while True:
        piece = connection.recv(1 << 16)
        if not piece: break
        data += piece
    connection.sendall(os.environ.get('ANSWER', '').encode() + bytes(data))
    connection.close()
listener = socket.create_server((os.environ['HOST'], int(os.environ['PORT'])))
while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
)";

class RawClient {
public:
    explicit RawClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool is_connected() const { return connected_; }
    bool send(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const auto count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    void end() const { ::shutdown(fd_.get(), SHUT_WR); }
    /// Until the end of the stream; nothing when it was cut or does not end within the limit.
    std::optional<std::string> read_all(int limit_ms = 20'000) const
    {
        std::string all;
        std::vector<char> buffer(1U << 16U);
        for (;;) {
            pollfd readable{fd_.get(), POLLIN, 0};
            if (::poll(&readable, 1, limit_ms) <= 0) return std::nullopt;
            const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
            if (count < 0) return std::nullopt;
            if (count == 0) return all;
            all.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

private:
    Fd fd_;
    bool connected_ = false;
};

engine::ResourceRef echo_service(EnvironmentFixture& environment, std::string_view answer)
{
    return environment.service(
        "echo", json::array{"/usr/bin/python3", "-c", echo_server},
        {{"env", json::object{{"ANSWER", answer}}}, {"health", json::object{{"kind", "tcp"}, {"timeout_ms", 20'000}}}});
}

}  // namespace

TEST_CASE("large streams in both directions and a half-closed connection pass through unchanged")
{
    EnvironmentFixture environment;
    auto address = environment.address("echo");
    auto service = echo_service(environment, "");
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    const RawClient client(environment.port_of(address));
    std::string sent(32U << 20U, 'x');
    for (std::size_t at = 0; at < sent.size(); at += 4096) sent[at] = static_cast<char>('a' + at / 4096 % 26);
    REQUIRE(client.send(sent));
    client.end();
    CHECK((client.read_all() == sent));
    CHECK(text_of(take_down(environment.services, service)) == "");
    CHECK(text_of(take_down(environment.shims, address)) == "");
}

TEST_CASE("a connection that does not speak HTTP stays with the version that it began with")
{
    EnvironmentFixture environment;
    auto address = environment.address("echo");
    auto service = echo_service(environment, "one ");
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    const RawClient old_client(environment.port_of(address));
    REQUIRE(old_client.send("hel"));
    CHECK(eventually([&] { return environment.status_of("echo").replicas.size() == 1; }));
    service.spec = echo_service(environment, "two ").spec;
    REQUIRE(text_of(bring_up(environment.services, service, "token-2")) == "");
    const RawClient new_client(environment.port_of(address));
    for (const auto* client : {&old_client, &new_client}) {
        REQUIRE(client->send("lo"));
        client->end();
    }
    CHECK(old_client.read_all() == "one hello");
    CHECK(new_client.read_all() == "two lo");
    // Nobody is connected to the old one any more: it is not kept until the limit.
    CHECK(eventually([&] { return environment.status_of("echo").replicas.size() == 1; }, std::chrono::seconds(5)));
    CHECK(text_of(take_down(environment.services, service)) == "");
    CHECK(text_of(take_down(environment.shims, address)) == "");
}

TEST_CASE("a connection that comes before its service waits for it, and is cut when there is nothing to wait for")
{
    EnvironmentFixture environment;
    auto address = environment.address("echo");
    const RawClient early(environment.port_of(address));
    CHECK(early.is_connected());
    CHECK_FALSE(early.read_all(5'000).has_value());

    auto service = echo_service(environment, "late ");
    REQUIRE(environment.services.apply(contract_call(), service, engine::Token("1")).has_value());
    const RawClient waiting(environment.port_of(address));
    REQUIRE(waiting.send("caller"));
    waiting.end();
    CHECK(waiting.read_all() == "late caller");
    CHECK(text_of(take_down(environment.services, service)) == "");

    auto broken = environment.service("echo", "exit 1", {{"health", json::object{{"kind", "tcp"}}}});
    broken.mark.nonce = "nonce-2";
    CHECK_FALSE(bring_up(environment.services, broken).has_value());
    CHECK_FALSE(RawClient(environment.port_of(address)).read_all(5'000).has_value());
    CHECK(text_of(take_down(environment.services, broken)) == "");
    CHECK(text_of(take_down(environment.shims, address)) == "");
}

TEST_CASE("a hundred connections at once are all answered, by replicas in turn")
{
    EnvironmentFixture environment;
    auto address = environment.address("echo");
    auto service = echo_service(environment, "");
    service.spec.as_object()["replicas"] = 2;
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int number = 0; number < 100; ++number)
        clients.push_back(std::make_unique<RawClient>(environment.port_of(address)));
    for (std::size_t number = 0; number < clients.size(); ++number)
        REQUIRE(clients[number]->send(std::to_string(number)));
    for (const auto& client : clients) client->end();
    for (std::size_t number = 0; number < clients.size(); ++number)
        CHECK(clients[number]->read_all() == std::to_string(number));
    CHECK(text_of(take_down(environment.services, service)) == "");
    CHECK(text_of(take_down(environment.shims, address)) == "");
}

TEST_CASE("an environment with a service comes up and goes away within a blink, beside what its program takes")
{
    EnvironmentFixture environment;
    const auto elapsed = [](auto began) {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    };
    double fastest_up = 1e9;
    double fastest_down = 1e9;
    for (int round = 0; round < 5; ++round) {
        auto began = std::chrono::steady_clock::now();
        auto address = environment.address("quick");
        auto service = environment.service("quick", "exec sleep 1000");
        REQUIRE(text_of(bring_up(environment.services, service)) == "");
        fastest_up = std::min(fastest_up, elapsed(began));
        began = std::chrono::steady_clock::now();
        REQUIRE(text_of(take_down(environment.services, service)) == "");
        REQUIRE(text_of(take_down(environment.shims, address)) == "");
        fastest_down = std::min(fastest_down, elapsed(began));
    }
    MESSAGE("up ", fastest_up, " ms (100 of them to see that it stays), down ", fastest_down, " ms");
    CHECK(fastest_up < 200);
    CHECK(fastest_down < 100);
}
