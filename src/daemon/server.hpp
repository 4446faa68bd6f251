#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "net/listen.hpp"
#include "storage/postgres/address.hpp"
#include "targets/local/local_target.hpp"

#include <memory>
#include <string>

namespace ramet::daemon {

struct ServerSettings {
    Path data_directory;
    net::ListenAddress listen{};
    net::ListenAddress proxy_listen{.address = "127.0.0.1", .port = 0, .option = "--proxy-listen"};
    std::string public_url{};  ///< how Git hosts reach the API; its own address when empty
    Milliseconds poll_every{15'000};
    Path
        kubeconfig{};  ///< its contexts are the clusters that targets may name; empty: none but the one that this runs in
    targets::local::Offer local_target = targets::local::Offer::open;
    std::optional<storage::PostgresAddress> store{};  ///< shared with other servers; none: a file in the data directory
};

/// A running Ramet: every adapter, put together. Made by `start`, ended by its destructor; what it runs goes on.
class Server {
public:
    static Result<std::unique_ptr<Server>> start(ServerSettings settings);
    ~Server();

    std::string url() const;
    std::string proxy_url() const;
    /// A token for an administrator, made for this start; the one of the start before ends.
    Result<std::string> make_login_token();

private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace ramet::daemon
