#include "net/address.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace ramet::net {

namespace {

AddressClass classify(const char* text)
{
    sockaddr_storage storage{};
    if (sockaddr_in in{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
        inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        std::memcpy(&storage, &in, sizeof in);
    } else {
        sockaddr_in6 in6{};
        in6.sin6_family = AF_INET6;
        REQUIRE(inet_pton(AF_INET6, text, &in6.sin6_addr) == 1);
        std::memcpy(&storage, &in6, sizeof in6);
    }
    CHECK_FALSE(address_text(reinterpret_cast<const sockaddr&>(storage)).empty());
    return classify_address(reinterpret_cast<const sockaddr&>(storage));
}

}  // namespace

TEST_CASE("every address is classed by where it leads, whatever carries it")
{
    struct Case {
        const char* address;
        AddressClass want;
    };
    const Case cases[] = {
        {"1.1.1.1", AddressClass::global},
        {"93.184.216.34", AddressClass::global},
        {"172.15.255.255", AddressClass::global},
        {"172.32.0.0", AddressClass::global},
        {"100.63.255.255", AddressClass::global},
        {"100.128.0.0", AddressClass::global},
        {"127.0.0.1", AddressClass::loopback},
        {"127.255.255.254", AddressClass::loopback},
        {"10.0.0.1", AddressClass::private_network},
        {"172.16.0.1", AddressClass::private_network},
        {"172.31.255.255", AddressClass::private_network},
        {"192.168.0.1", AddressClass::private_network},
        {"100.64.0.1", AddressClass::private_network},
        {"198.18.0.1", AddressClass::private_network},
        {"169.254.0.1", AddressClass::link_local},
        {"169.254.169.254", AddressClass::metadata},
        {"169.254.170.2", AddressClass::metadata},
        {"100.100.100.200", AddressClass::metadata},
        {"168.63.129.16", AddressClass::metadata},
        {"0.0.0.0", AddressClass::special},
        {"0.1.2.3", AddressClass::special},
        {"224.0.0.1", AddressClass::special},
        {"255.255.255.255", AddressClass::special},
        {"192.0.2.1", AddressClass::special},
        {"2606:4700:4700::1111", AddressClass::global},
        {"::1", AddressClass::loopback},
        {"::", AddressClass::special},
        {"fe80::1", AddressClass::link_local},
        {"febf::1", AddressClass::link_local},
        {"fc00::1", AddressClass::private_network},
        {"fdff::1", AddressClass::private_network},
        {"fec0::1", AddressClass::private_network},
        {"fd00:ec2::254", AddressClass::metadata},
        {"ff02::1", AddressClass::special},
        {"2001:db8::1", AddressClass::special},
        {"4000::1", AddressClass::special},
        {"::ffff:127.0.0.1", AddressClass::loopback},
        {"::ffff:10.0.0.1", AddressClass::private_network},
        {"::ffff:169.254.169.254", AddressClass::metadata},
        {"::ffff:1.1.1.1", AddressClass::global},
        {"::ffff:0:127.0.0.1", AddressClass::loopback},
        {"::127.0.0.1", AddressClass::loopback},
        {"64:ff9b::7f00:1", AddressClass::loopback},
        {"64:ff9b::a9fe:a9fe", AddressClass::metadata},
        {"64:ff9b:1::10.0.0.1", AddressClass::private_network},
        {"2002:7f00:1::", AddressClass::loopback},
        {"2002:a00:1::", AddressClass::private_network},
    };
    for (const auto& [address, want] : cases) {
        CAPTURE(address);
        CHECK(to_string(classify(address)) == to_string(want));
    }
}

TEST_CASE("public_only admits nothing but public addresses; metadata is never admitted")
{
    using enum AddressClass;
    for (const auto each : {global, loopback, private_network, link_local, metadata, special}) {
        CAPTURE(to_string(each));
        CHECK(check_address(each, AddressPolicy::public_only, "x").has_value() == (each == global));
        CHECK(check_address(each, AddressPolicy::anywhere, "x").has_value() == (each != metadata));
    }
    const auto refused = check_address(loopback, AddressPolicy::public_only, "127.0.0.1");
    CHECK(refused.error().kind == ErrorKind::egress_denied);
    CHECK(refused.error().message.contains("127.0.0.1"));
}

TEST_CASE("another family is nothing to talk to")
{
    sockaddr unix_address{};
    unix_address.sa_family = AF_UNIX;
    CHECK(classify_address(unix_address) == AddressClass::special);
}

}  // namespace ramet::net
