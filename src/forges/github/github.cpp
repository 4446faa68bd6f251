#include "forges/github/github.hpp"

namespace ramet::forges {

namespace {

const Dialect dialect{
    .type = "github",
    .authorization_scheme = "Bearer",
    .accept = "application/vnd.github+json",
    .page_query = "per_page=100",
    .event_header = "x-github-event",
    .delivery_header = "x-github-delivery",
    .signature_header = "x-hub-signature-256",
    .signature_prefix = "sha256=",
    .commit_id_key = "sha",
    .hook_kind_key = "name",
    .hook_kind = "web",
    .hook_events = {"push", "pull_request", "issue_comment"},
    .pull_request_events = {"pull_request"},
    .file_path = "contents",
    .file_accept = "application/vnd.github.raw+json",
};

// github.com has its API on a host of its own; an Enterprise Server has it below /api/v3.
std::string api_url(const std::string& url)
{
    return url == "https://github.com" ? "https://api.github.com" : url + "/api/v3";
}

}  // namespace

GitHub::GitHub(net::HttpClient& http, Connection connection)
    : RestForge(dialect, http, Connection{connection.url, connection.token.clone()}, api_url(connection.url))
{
}

}  // namespace ramet::forges
