#include "targets/kubernetes/registry_login.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view docker_hub = "https://index.docker.io/v1/";

/// Docker keeps the entry of its own registry under an address that nothing else has.
std::string key_of(const std::string& host)
{
    return host == "docker.io" ? std::string(docker_hub) : host;
}

std::unexpected<Error> refuse(const std::string& host, std::string_view why)
{
    return std::unexpected(Error{ErrorKind::refused,
                                 fmt::format("the credentials of the registry {} cannot be used: {}", host, why),
                                 {},
                                 "set the secret to USER:PASSWORD, or to what Docker keeps in config.json"});
}

Result<RegistryLogin> split(std::string_view text, const std::string& host)
{
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
        return refuse(host, "there is no USER:PASSWORD in the secret");
    return RegistryLogin{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Result<RegistryLogin> read_entry(const Json& entry, const std::string& host)
{
    if (const auto encoded = get_string(entry, "auth"); !encoded.empty()) {
        const auto text = from_base64(encoded);
        if (!text) return refuse(host, "its \"auth\" is not base64");
        return split(*text, host);
    }
    return split(get_string(entry, "username") + ":" + get_string(entry, "password"), host);
}

}  // namespace

Result<RegistryLogin> parse_registry_login(std::string_view secret, const std::string& host)
{
    const auto text = trim(secret);
    if (!text.starts_with('{')) return split(text, host);
    // The error of a parser would tell what stands where it stopped.
    const auto config = parse_json(text);
    if (!config) return refuse(host, "it begins with { and is not JSON");
    const auto& entries = get_member(*config, "auths");
    for (const auto& key : {key_of(host), host, "https://" + host})
        if (const auto& entry = get_member(entries, key); entry.is_object()) return read_entry(entry, host);
    return refuse(host, "\"auths\" has no entry for it");
}

std::string to_docker_config(const RegistryLogin& login, const std::string& host)
{
    json::object entry{{"username", login.user}, {"password", login.password}};
    return to_text(json::object{{"auths", json::object{{key_of(host), std::move(entry)}}}});
}

std::string basic_authorization(const RegistryLogin& login)
{
    return "Basic " + to_base64(login.user + ":" + login.password);
}

}  // namespace ramet::targets::kubernetes
