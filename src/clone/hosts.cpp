#include "clone/hosts.hpp"

#include "domain/interpolation.hpp"

namespace ramet::clone {
namespace {

/// The label that the pattern's part before ".${domain}" gives.
std::string label_text(const std::string& pattern, const std::string& service, const DesiredEnvironment& environment)
{
    const auto label = pattern.substr(0, pattern.rfind(".${domain}"));
    const auto pieces = parse_interpolation_at(InterpolationPlace::domain_pattern, label);
    if (!pieces) return service + "-" + environment.name;  // Cannot be: the pattern was checked when the file was read.
    std::string text;
    for (const auto& piece : *pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            text += *literal;
            continue;
        }
        switch (std::get<Placeholder>(piece).kind) {
        case PlaceholderKind::service: text += service; break;
        case PlaceholderKind::env: text += environment.name; break;
        case PlaceholderKind::project: text += environment.project_name; break;
        default: break;
        }
    }
    return text;
}

}  // namespace

std::string public_host(const std::string& pattern, const std::string& service, const DesiredEnvironment& environment,
                        const std::set<std::string>& taken)
{
    const auto text = label_text(pattern, service, environment);
    const auto host = public_label(text) + "." + environment.domain;
    if (!taken.contains(host)) return host;
    return public_label(text + "-" + environment.project_name) + "." + environment.domain;
}

PublicAddress public_address_of(const DesiredEnvironment& environment, const PublicAddress& proxy)
{
    return environment.target_type == TargetType::local ? proxy : PublicAddress{.scheme = "http", .port = 80};
}

std::string public_url(const PublicAddress& address, const std::string& host)
{
    const bool is_usual =
        (address.scheme == "http" && address.port == 80) || (address.scheme == "https" && address.port == 443);
    return address.scheme + "://" + host + (is_usual ? "" : ":" + std::to_string(address.port));
}

}  // namespace ramet::clone
