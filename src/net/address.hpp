#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct sockaddr;

namespace ramet::net {

/// What an IP address leads to. Addresses that carry another one (IPv4-mapped, NAT64, 6to4) are what they carry.
enum class AddressClass : std::uint8_t {
    global,           ///< the public internet
    loopback,         ///< this machine
    private_network,  ///< RFC 1918, unique local, carrier-grade NAT
    link_local,       ///< 169.254/16, fe80::/10
    metadata,         ///< where clouds hand out credentials
    special,          ///< unspecified, multicast, documentation, reserved: nothing to talk to
};

/// Where outgoing connections may go. Checked on the resolved address at the moment of connecting, so that neither a
/// redirect nor a name that changes its address gets around it. Metadata addresses are refused under both.
enum class AddressPolicy : std::uint8_t {
    anywhere,     ///< addresses that an administrator gave
    public_only,  ///< addresses from repositories, payloads and redirects
};

AddressClass classify_v4(std::uint32_t address);
AddressClass classify_v6(const std::array<std::uint8_t, 16>& address);
/// Families other than IPv4 and IPv6 are `special`.
AddressClass classify_address(const sockaddr& address);

/// `egress_denied` when the policy does not admit the address; `text` names it.
Result<void> check_address(AddressClass address, AddressPolicy policy, std::string_view text);

std::string_view to_string(AddressClass address);
/// "127.0.0.1" or "::1".
std::string address_text(const sockaddr& address);

}  // namespace ramet::net
