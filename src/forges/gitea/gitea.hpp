#pragma once

#include "forges/rest_forge.hpp"

namespace ramet::forges {

/// Gitea 1.20 and later, and Forgejo.
class Gitea final : public RestForge {
public:
    Gitea(net::HttpClient& http, const Connection& connection);
};

}  // namespace ramet::forges
