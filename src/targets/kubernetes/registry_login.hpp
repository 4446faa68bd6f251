#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::kubernetes {

/// Who signs in at a registry. It holds a secret: alive at the moment of a call only.
struct RegistryLogin {
    std::string user;
    std::string password;

    bool is_empty() const { return user.empty(); }
};

/// `secret` is "USER:PASSWORD", or what Docker keeps in its config.json ({"auths": {HOST: {"auth" | "username", "password"}}}), of which
/// the entry of `host` counts. Errors: `refused`, without a word of the secret.
Result<RegistryLogin> parse_registry_login(std::string_view secret, const std::string& host);

/// What a Secret of the type kubernetes.io/dockerconfigjson holds, as text.
std::string to_docker_config(const RegistryLogin& login, const std::string& host);

/// The value of "Authorization" (RFC 7617).
std::string basic_authorization(const RegistryLogin& login);

}  // namespace ramet::targets::kubernetes
