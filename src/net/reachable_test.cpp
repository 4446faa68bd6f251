#include "net/reachable.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::net;

TEST_CASE("a URL's host is found behind users, ports and brackets")
{
    struct Case {
        std::string url, host;
        std::uint16_t port;
    };
    const Case cases[] = {
        {"http://127.0.0.1:3000/a/b.git", "127.0.0.1", 3000},
        {"http://127.0.0.1/", "127.0.0.1", 80},
        {"https://127.0.0.1", "127.0.0.1", 443},
        {"ssh://git@127.0.0.1/a", "127.0.0.1", 22},
        {"http://a:b@c@127.0.0.1:1?x", "127.0.0.1", 1},
        {"http://[::1]:80/", "::1", 80},
        {"/srv/a.git", "", 0},
    };
    for (const auto& [url, host, port] : cases) {
        CAPTURE(url);
        const auto found = check_reachable(url, AddressPolicy::anywhere);
        REQUIRE(found);
        CHECK(found->host == host);
        CHECK(found->port == port);
        CHECK_FALSE(found->is_name);
        CHECK(found->addresses.size() == (host.empty() ? 0 : 1));
    }
}

TEST_CASE("a URL without a usable host is invalid")
{
    for (const std::string url :
         {"http://", "http:///a", "http://[::1/", "http://a:b/", "http://a:99999/", "http://:80/"}) {
        CAPTURE(url);
        const auto found = check_reachable(url, AddressPolicy::anywhere);
        REQUIRE_FALSE(found);
        CHECK(found.error().kind == ErrorKind::invalid);
    }
}

TEST_CASE("metadata is never reachable, in no spelling of its address")
{
    for (const std::string host :
         {"169.254.169.254", "0251.0376.0251.0376", "2852039166", "0xa9fea9fe", "169.254.43518",
          "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "100.100.100.200"}) {
        CAPTURE(host);
        const auto found = check_reachable("http://" + host + "/", AddressPolicy::anywhere);
        REQUIRE_FALSE(found);
        CHECK(found.error().kind == ErrorKind::egress_denied);
    }
}

TEST_CASE("a name is held to all its addresses, and none of them may be where the policy forbids")
{
    const auto here = check_reachable("http://localhost:1/", AddressPolicy::anywhere);
    REQUIRE(here);
    CHECK(here->is_name);
    CHECK_FALSE(here->addresses.empty());
    const auto denied = check_reachable("http://localhost:1/", AddressPolicy::public_only);
    REQUIRE_FALSE(denied);
    CHECK(denied.error().kind == ErrorKind::egress_denied);
}

TEST_CASE("a name that does not resolve is an outage")
{
    const auto found = check_reachable("http://no-such-host.invalid/", AddressPolicy::anywhere);
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == ErrorKind::unavailable);
}
