#include "net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ramet::net {

namespace {

struct BlockV4 {
    std::uint32_t network;
    int bits;
    AddressClass address_class;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d)
{
    return a << 24U | b << 16U | c << 8U | d;
}

// The IANA special-purpose registry (RFC 6890 and successors) and the metadata services; the first match counts.
constexpr BlockV4 blocks_v4[] = {
    {v4(169, 254, 169, 254), 32, AddressClass::metadata},  // AWS, GCP, Azure, OpenStack, DigitalOcean
    {v4(169, 254, 170, 2), 32, AddressClass::metadata},    // AWS ECS credentials
    {v4(169, 254, 170, 23), 32, AddressClass::metadata},   // AWS EKS pod identity
    {v4(169, 254, 169, 253), 32, AddressClass::metadata},  // AWS resolver
    {v4(100, 100, 100, 200), 32, AddressClass::metadata},  // Alibaba
    {v4(168, 63, 129, 16), 32, AddressClass::metadata},    // Azure's wire server
    {v4(192, 0, 0, 192), 32, AddressClass::metadata},      // Oracle, classic
    {v4(0, 0, 0, 0), 8, AddressClass::special},
    {v4(10, 0, 0, 0), 8, AddressClass::private_network},
    {v4(100, 64, 0, 0), 10, AddressClass::private_network},
    {v4(127, 0, 0, 0), 8, AddressClass::loopback},
    {v4(169, 254, 0, 0), 16, AddressClass::link_local},
    {v4(172, 16, 0, 0), 12, AddressClass::private_network},
    {v4(192, 0, 0, 0), 24, AddressClass::special},
    {v4(192, 0, 2, 0), 24, AddressClass::special},
    {v4(192, 88, 99, 0), 24, AddressClass::special},
    {v4(192, 168, 0, 0), 16, AddressClass::private_network},
    {v4(198, 18, 0, 0), 15, AddressClass::private_network},
    {v4(198, 51, 100, 0), 24, AddressClass::special},
    {v4(203, 0, 113, 0), 24, AddressClass::special},
    {v4(224, 0, 0, 0), 3, AddressClass::special},  // multicast, reserved, broadcast
};

using BytesV6 = std::array<std::uint8_t, 16>;

struct BlockV6 {
    BytesV6 network;
    int bits;
    AddressClass address_class;
};

constexpr BlockV6 blocks_v6[] = {
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, AddressClass::metadata},  // AWS
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x23}, 128, AddressClass::metadata},  // AWS EKS
    {{0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, AddressClass::metadata},  // GCP
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressClass::loopback},
    {{0xfc}, 7, AddressClass::private_network},
    {{0xfe, 0x80}, 10, AddressClass::link_local},
    {{0xfe, 0xc0}, 10, AddressClass::private_network},  // site local, deprecated
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressClass::special},
    {{0x20, 0x01, 0x00}, 23, AddressClass::special},  // Teredo, ORCHID, benchmarking
    {{0x20}, 3, AddressClass::global},                // 2000::/3 is all that is allocated
};

bool is_in(const BytesV6& address, const BlockV6& block)
{
    const auto whole = static_cast<std::size_t>(block.bits / 8);
    if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), block.network.begin()))
        return false;
    const int rest = block.bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (address[whole] & mask) == (block.network[whole] & mask);
}

std::uint32_t v4_at(const BytesV6& address, std::size_t offset)
{
    return v4(address[offset], address[offset + 1], address[offset + 2], address[offset + 3]);
}

bool starts_with(const BytesV6& address, std::initializer_list<std::uint8_t> prefix)
{
    return std::equal(prefix.begin(), prefix.end(), address.begin());
}

}  // namespace

AddressClass classify_v4(std::uint32_t address)
{
    for (const auto& block : blocks_v4)
        if ((address >> (32 - block.bits)) == (block.network >> (32 - block.bits))) return block.address_class;
    return AddressClass::global;
}

AddressClass classify_v6(const BytesV6& address)
{
    const bool mapped = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
    const bool nat64 = starts_with(address, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});
    const bool nat64_local = starts_with(address, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01});
    const bool translated = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0});
    if (mapped || nat64 || nat64_local || translated) return classify_v4(v4_at(address, 12));
    if (starts_with(address, {0x20, 0x02})) return classify_v4(v4_at(address, 2));  // 6to4
    for (const auto& block : blocks_v6)
        if (is_in(address, block)) return block.address_class;
    // "IPv4-compatible" (::a.b.c.d), once in use: what is not loopback and not unspecified carries an IPv4 address.
    if (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return classify_v4(v4_at(address, 12));
    return AddressClass::special;
}

AddressClass classify_address(const sockaddr& address)
{
    if (address.sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        return classify_v4(ntohl(in.sin_addr.s_addr));
    }
    if (address.sa_family != AF_INET6) return AddressClass::special;
    sockaddr_in6 in6{};
    std::memcpy(&in6, &address, sizeof in6);
    BytesV6 bytes{};
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return classify_v6(bytes);
}

Result<void> check_address(AddressClass address, AddressPolicy policy, std::string_view text)
{
    const bool allowed =
        policy == AddressPolicy::public_only ? address == AddressClass::global : address != AddressClass::metadata;
    if (allowed) return {};
    return fail(ErrorKind::egress_denied, "{} is {}, where this connection may not go", text, to_string(address));
}

std::string_view to_string(AddressClass address)
{
    switch (address) {
    case AddressClass::global: return "a public address";
    case AddressClass::loopback: return "a loopback address";
    case AddressClass::private_network: return "a private address";
    case AddressClass::link_local: return "a link-local address";
    case AddressClass::metadata: return "a cloud metadata address";
    case AddressClass::special: return "a reserved address";
    }
    return "an unknown address";
}

std::string address_text(const sockaddr& address)
{
    char text[INET6_ADDRSTRLEN] = {};
    if (address.sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    } else if (address.sa_family == AF_INET6) {
        sockaddr_in6 in6{};
        std::memcpy(&in6, &address, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    }
    return text;
}

}  // namespace ramet::net
