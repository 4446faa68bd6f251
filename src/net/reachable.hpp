#pragma once

#include "net/address.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::net {

/// Where the host of a URL leads now.
struct Reachable {
    std::string host{};  ///< without brackets; empty for a path, which leads nowhere
    std::uint16_t port = 0;
    /// All of them are admitted by the policy. A program that connects by itself must be held to these, as the name may lead
    /// elsewhere a moment later.
    std::vector<std::string> addresses{};
    bool is_name = false;  ///< else the host is an address already, in whatever spelling
};

/// For programs that connect by themselves, like git. `egress_denied` when one of the host's addresses is not admitted, `invalid`
/// when the URL has no usable host, `unavailable` when its name does not resolve. It blocks while the name is looked up.
Result<Reachable> check_reachable(std::string_view url, AddressPolicy policy);

}  // namespace ramet::net
