#pragma once

#include "forges/rest_forge.hpp"

namespace ramet::forges {

/// github.com and GitHub Enterprise Server by token, REST API version 2022-11-28.
class GitHub final : public RestForge {
public:
    GitHub(net::HttpClient& http, Connection connection);
};

}  // namespace ramet::forges
