#include "net/listen.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>

namespace ramet::net {

TEST_CASE("a listen address is an address and a port")
{
    struct Case {
        std::string_view text, address;
        int port;
    };
    const Case cases[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
                          {"localhost:0", "localhost", 0},
                          {"[::1]:80", "::1", 80},
                          {":9000", "0.0.0.0", 9000}};
    for (const auto& [text, address, port] : cases) {
        CAPTURE(text);
        const auto parsed = parse_listen_address(text, "--listen");
        REQUIRE(parsed);
        CHECK(parsed->address == address);
        CHECK(parsed->port == port);
    }
    for (const std::string_view text :
         {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80"}) {
        CAPTURE(text);
        const auto parsed = parse_listen_address(text, "--proxy-listen");
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().kind == ErrorKind::invalid);
        CHECK(parsed.error().message.contains("--proxy-listen"));
    }
}

TEST_CASE("a listening socket is not inherited and not blocking, and tells the port that it got")
{
    const auto socket = listen_on({});
    REQUIRE(socket);
    CHECK(local_port(*socket) != 0);
    CHECK((fcntl(socket->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(socket->get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("a shared port takes several sockets of ours, yet counts as taken")
{
    const auto first = listen_on({}, PortSharing::shared);
    REQUIRE(first);
    const ListenAddress address{.port = local_port(*first)};
    CHECK(listen_on(address, PortSharing::shared));
    CHECK(check_port_is_free(address).error().kind == ErrorKind::conflict);
    CHECK(listen_on(address).error().kind == ErrorKind::conflict);
}

TEST_CASE("an address that is not this machine's is invalid")
{
    CHECK(listen_on({.address = "192.0.2.1"}).error().kind == ErrorKind::invalid);
    CHECK(listen_on({.address = "no such host.invalid"}).error().kind == ErrorKind::invalid);
}

TEST_CASE("addresses are shown as they are given")
{
    CHECK(to_text(ListenAddress{.address = "::1", .port = 80}) == "[::1]:80");
    CHECK(to_text(ListenAddress{.address = "127.0.0.1", .port = 80}) == "127.0.0.1:80");
}

}  // namespace ramet::net
