#pragma once

#include "net/http_client.hpp"
#include "targets/kubernetes/image_reference.hpp"
#include "targets/kubernetes/registry_login.hpp"

#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace ramet::targets::kubernetes {

/// Asks registries which image a reference stands for now (OCI distribution specification; tokens as Docker's registries give them).
/// For any number of threads.
class Registry {
public:
    /// `http` decides where connections may go, and outlives it.
    explicit Registry(net::HttpClient& http) : http_(http) {}

    struct Question {
        ImageReference reference;
        RegistryLogin login{};  ///< of the reference's registry; empty: what everybody may pull
    };
    /// Nothing while the registry has no such image. Errors: `forbidden` (it wants other credentials), `invalid` (it answers what no
    /// registry answers), and those of HttpClient.
    Result<std::optional<std::string>> find_digest(const Question& question, std::stop_token stop = {});

private:
    Result<net::HttpResponse> ask(const net::HttpRequest& request, const Question& question,
                                  const std::stop_token& stop);
    Result<std::string> authorize(const std::string& challenge, const Question& question, const std::stop_token& stop);
    Result<std::string> get_token(const std::string& challenge, const Question& question, const std::stop_token& stop);

    net::HttpClient& http_;
};

/// The parameters of "Bearer realm="…",service="…"" (RFC 9110, 11.6.1); nothing of another scheme.
std::optional<std::map<std::string, std::string>> parse_bearer_challenge(std::string_view header);

}  // namespace ramet::targets::kubernetes
