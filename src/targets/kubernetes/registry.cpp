#include "targets/kubernetes/registry.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "net/url.hpp"

#include <map>

namespace ramet::targets::kubernetes {

namespace {

using namespace std::chrono_literals;

constexpr int ok = 200;
constexpr int unauthorized = 401;
constexpr int forbidden = 403;
constexpr int not_found = 404;
constexpr int too_many = 429;
constexpr int server_error = 500;

constexpr auto timeout = 10s;
constexpr std::size_t largest_manifest = std::size_t{4} << 20;
/// Indexes before single manifests: what stands for all platforms is what was pushed.
constexpr std::string_view manifest_types = "application/vnd.oci.image.index.v1+json, "
                                            "application/vnd.docker.distribution.manifest.list.v2+json, "
                                            "application/vnd.oci.image.manifest.v1+json, "
                                            "application/vnd.docker.distribution.manifest.v2+json";

/// Docker's images are called after one host and served by another.
std::string host_of(const ImageReference& reference)
{
    return reference.registry == "docker.io" ? "registry-1.docker.io" : reference.registry;
}

/// As container runtimes do: of this machine without TLS, of all others with it.
std::string_view scheme_of(std::string_view host)
{
    const auto name = host.substr(0, host.find(':'));
    const bool is_number = name.find_first_not_of("0123456789.") == std::string_view::npos;
    return name == "localhost" || (is_number && name.starts_with("127.")) ? "http" : "https";
}

net::HttpRequest manifest_request(const ImageReference& reference)
{
    const auto host = host_of(reference);
    net::HttpRequest request;
    request.url = fmt::format("{}://{}/v2/{}/manifests/{}", scheme_of(host), host, reference.repository, reference.tag);
    request.headers.add("Accept", manifest_types);
    request.timeout = timeout;
    request.response_limit = largest_manifest;
    return request;
}

std::unexpected<Error> wants_credentials(const Registry::Question& question, const std::string& evidence)
{
    const auto& [reference, login] = question;
    const auto whom = login.is_empty() ? std::string("everybody") : login.user;
    return std::unexpected(Error{
        ErrorKind::forbidden,
        fmt::format("the registry {} does not let {} pull {}", reference.registry, whom, reference.repository),
        evidence,
        login.is_empty() ? "name the registry and its credentials in the target (targets.NAME.registry), or make the "
                           "image public"
                         : "check the secret that targets.NAME.registry.credentials names"});
}

/// Passwords go over TLS, and to this machine.
bool keeps_secrets(std::string_view url)
{
    constexpr std::string_view plain = "http://";
    return url.starts_with("https://") || (url.starts_with(plain) && scheme_of(url.substr(plain.size())) == "http");
}

/// From where `key` stands: its value, quoted or not.
std::string_view take_value(std::string_view& rest)
{
    std::string_view value;
    if (rest.starts_with('"')) {
        const auto end = rest.find('"', 1);
        value = rest.substr(1, end == std::string_view::npos ? end : end - 1);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    } else {
        value = rest.substr(0, rest.find(','));
        rest.remove_prefix(value.size());
    }
    return value;
}

}  // namespace

std::optional<std::map<std::string, std::string>> parse_bearer_challenge(std::string_view header)
{
    constexpr std::string_view scheme = "bearer ";
    if (header.size() < scheme.size() || !net::equals_ignoring_case(header.substr(0, scheme.size()), scheme))
        return std::nullopt;
    std::map<std::string, std::string> parameters;
    auto rest = header.substr(scheme.size());
    while (true) {
        rest.remove_prefix(std::min(rest.find_first_not_of(", "), rest.size()));
        const auto equals = rest.find('=');
        if (equals == std::string_view::npos) return parameters;
        const auto key = to_lower(rest.substr(0, equals));
        rest.remove_prefix(equals + 1);
        parameters[key] = take_value(rest);
    }
}

Result<std::optional<std::string>> Registry::find_digest(const Question& question, std::stop_token stop)
{
    const auto& reference = question.reference;
    if (!reference.digest.empty()) return reference.digest;
    auto request = manifest_request(reference);
    auto response = TRY(ask(request, question, stop));
    if (response.status == not_found) return std::nullopt;
    if (response.status != ok)
        return fail(response.status >= server_error || response.status == too_many ? ErrorKind::unavailable
                                                                                   : ErrorKind::invalid,
                    "the registry {} answered {} when it was asked for {}:{}", reference.registry, response.status,
                    reference.repository, reference.tag);
    // The digest is the content's: what came is counted, whatever a header says.
    return "sha256:" + sha256_hex(response.body);
}

Result<net::HttpResponse> Registry::ask(const net::HttpRequest& request, const Question& question,
                                        const std::stop_token& stop)
{
    auto response = TRY(http_.send(request, stop));
    if (response.status != unauthorized) return response;
    auto again = request;
    const auto challenge = std::string(response.headers.get("WWW-Authenticate"));
    again.headers.set("Authorization", TRY(authorize(challenge, question, stop)));
    response = TRY(http_.send(again, stop));
    // Private images and those that do not exist look alike from outside.
    if (response.status == unauthorized || response.status == forbidden)
        return wants_credentials(question, response.body.substr(0, 500));
    return response;
}

/// The value of "Authorization" that answers the challenge.
Result<std::string> Registry::authorize(const std::string& challenge, const Question& question,
                                        const std::stop_token& stop)
{
    if (net::equals_ignoring_case(std::string_view(challenge).substr(0, 5), "basic") && !question.login.is_empty())
        return basic_authorization(question.login);
    return "Bearer " + TRY(get_token(challenge, question, stop));
}

Result<std::string> Registry::get_token(const std::string& challenge, const Question& question,
                                        const std::stop_token& stop)
{
    const auto& [reference, login] = question;
    const auto parameters = parse_bearer_challenge(challenge);
    if (!parameters || !parameters->contains("realm")) return wants_credentials(question, challenge);
    net::HttpRequest request;
    request.url = fmt::format("{}?scope={}", parameters->at("realm"),
                              net::encode_percent(fmt::format("repository:{}:pull", reference.repository)));
    if (const auto service = parameters->find("service"); service != parameters->end())
        request.url += "&service=" + net::encode_percent(service->second);
    request.timeout = timeout;
    request.response_limit = largest_manifest;
    if (!login.is_empty() && !keeps_secrets(request.url))
        return fail(ErrorKind::refused, "the registry {} wants the password at {}, where everybody can read it",
                    reference.registry, parameters->at("realm"));
    if (!login.is_empty()) request.headers.add("Authorization", basic_authorization(login));
    const auto response = TRY(http_.send(request, stop));
    if (response.status == too_many || response.status >= server_error)
        return fail(ErrorKind::unavailable, "the registry {} answered {} when it was asked for a token",
                    reference.registry, response.status);
    if (response.status != ok) return wants_credentials(question, response.body.substr(0, 500));
    const auto answer = TRY(parse_json(response.body));
    auto token = get_string(answer, "token");
    if (token.empty()) token = get_string(answer, "access_token");
    if (token.empty()) return wants_credentials(question, "its token service gave none");
    return token;
}

}  // namespace ramet::targets::kubernetes
