#include "forges/gitea/gitea.hpp"

namespace ramet::forges {

namespace {

// Gitea sends X-Gitea-Event = pull_request for most changes of a pull request, but a name of its own for some of them
// (labels, synchronisation) in older versions; both spellings are taken.
const Dialect dialect{
    .type = "gitea",
    .authorization_scheme = "token",
    .accept = "application/json",
    .page_query = "limit=50",
    .event_header = "x-gitea-event",
    .delivery_header = "x-gitea-delivery",
    .signature_header = "x-gitea-signature",
    .signature_prefix = "",
    .commit_id_key = "id",
    .hook_kind_key = "type",
    .hook_kind = "gitea",
    .hook_events = {"push", "pull_request", "pull_request_label", "pull_request_sync", "pull_request_comment"},
    .pull_request_events = {"pull_request", "pull_request_label", "pull_request_sync"},
    .file_path = "raw",
    .file_accept = "*/*",
};

}  // namespace

Gitea::Gitea(net::HttpClient& http, Connection connection)
    : RestForge(dialect, http, Connection{connection.url, connection.token.clone()}, connection.url + "/api/v1")
{
}

}  // namespace ramet::forges
