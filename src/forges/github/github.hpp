#pragma once

#include "forges/rest_forge.hpp"

namespace ramet::forges {

/// Where the API of a GitHub is: on a host of its own for github.com and its tenants under ghe.com, below /api/v3 for an
/// Enterprise Server.
std::string github_api_url(const std::string& url);

/// github.com and GitHub Enterprise Server by token, REST API version 2022-11-28.
class GitHub final : public RestForge {
public:
    GitHub(net::HttpClient& http, const Connection& connection);
};

}  // namespace ramet::forges
