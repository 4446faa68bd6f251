#pragma once

#include "forges/forge.hpp"
#include "net/http_client.hpp"
#include "storage/projects.hpp"
#include "storage/secrets.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace ramet::app {

/// The open connections to Git hosts, one per project that has one. Thread-safe.
class ForgeConnections {
public:
    ForgeConnections(net::HttpClient& http, storage::Secrets& secrets) : http_(http), secrets_(secrets) {}

    /// The connection of this project; `invalid` when it has no Git host. A changed token opens it anew.
    Result<std::shared_ptr<forges::Forge>> open(const storage::Project& project);

    /// For a token that is not stored yet. `invalid` for an unknown type or a URL that is not http(s).
    Result<std::shared_ptr<forges::Forge>> make(const std::string& type, const std::string& url, SecretBytes token);

private:
    struct Open {
        SecretReference token;
        std::string url;
        std::shared_ptr<forges::Forge> forge;
    };

    net::HttpClient& http_;
    storage::Secrets& secrets_;
    std::mutex mutex_;
    std::map<std::string, Open> open_;
};

}  // namespace ramet::app
