#include "forges/github/github.hpp"

namespace ramet::forges {

namespace {

const Dialect dialect{
    .type = "github",
    .authorization_scheme = "Bearer",
    .accept = "application/vnd.github+json",
    .api_version = "2022-11-28",
    .page_query = "per_page=100",
    .event_header = "x-github-event",
    .delivery_header = "x-github-delivery",
    .signature_header = "x-hub-signature-256",
    .signature_prefix = "sha256=",
    .commit_id_key = "sha",
    .pull_request_events = {"pull_request"},
    .webhook = {.kind_key = "name",
                .kind = "web",
                .events = {"push", "pull_request", "issue_comment"},
                .secret_on_edit = SecretOnEdit::replaced},
};

}  // namespace

std::string github_api_url(const std::string& url)
{
    constexpr std::string_view https = "https://";
    if (url == "https://github.com" || url == "https://www.github.com") return "https://api.github.com";
    if (url.starts_with(https) && url.ends_with(".ghe.com")) return "https://api." + url.substr(https.size());
    return url + "/api/v3";
}

GitHub::GitHub(net::HttpClient& http, const Connection& connection)
    : RestForge(dialect, http, normalize(connection), github_api_url(normalize(connection).url))
{
}

}  // namespace ramet::forges
