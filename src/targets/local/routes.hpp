#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ramet::targets::local {

/// One public host and where its requests go. `owner` and `nonce` tell whose it is.
struct Route {
    std::string host;   ///< "web-pr-42.localhost", lower case, without port
    std::string owner;  ///< environment id
    std::string nonce;
    std::string service;      ///< for the proxy's own pages: "web does not answer"
    std::string environment;  ///< name, for the same
    std::string upstream_host = "127.0.0.1";
    int upstream_port = 0;
    std::string install{};
    std::string name{};  ///< of the resource
};

/// The table of the reverse proxy, as the route driver needs it. Implemented by the daemon over net's table, and held in memory:
/// `restore_routes` fills it again after a start.
class Routes {
public:
    virtual ~Routes() = default;
    /// `conflict` when the host belongs to another owner.
    virtual Result<void> set(const Route& route) = 0;
    /// Only when it is this owner's; absent is success.
    virtual Result<void> remove(const std::string& host, const std::string& owner) = 0;
    virtual Result<std::optional<Route>> find(const std::string& host) = 0;
    virtual Result<std::vector<Route>> list() = 0;
};

}  // namespace ramet::targets::local
