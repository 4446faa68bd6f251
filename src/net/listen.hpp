#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::net {

/// Where a server listens. `option` is the setting that chooses it, for the error when it is taken.
struct ListenAddress {
    std::string address = "127.0.0.1";
    /// 0 takes a free one.
    std::uint16_t port = 0;
    std::string option = "--listen";
};

/// "127.0.0.1:8080", "[::1]:8080", "localhost:0", ":8080" (all interfaces).
Result<ListenAddress> parse_listen_address(std::string_view text, std::string_view option = "--listen");

/// "127.0.0.1:8080" or "[::1]:8080".
std::string to_text(const ListenAddress& address);

enum class PortSharing : bool { exclusive, shared };

/// A listening, non-blocking socket that children do not inherit. `shared` lets several threads have one each, with the
/// kernel spreading connections over them. A taken port is `conflict`, a forbidden one `forbidden`; both name the option.
Result<Fd> listen_on(const ListenAddress& address, PortSharing sharing = PortSharing::exclusive);

/// Whether nobody listens there: `conflict` otherwise. A port shared among threads could be shared with another process
/// of ours by mistake; this asks first.
Result<void> check_port_is_free(const ListenAddress& address);

/// The port that a socket got.
std::uint16_t local_port(const Fd& socket);

}  // namespace ramet::net
