#include "forges/gitea/gitea.hpp"

namespace ramet::forges {

namespace {

// X-Gitea-Event says pull_request for six of the nine kinds of changes, and pull_request_approved, _rejected and _comment for
// reviews, which change nothing here. A webhook of Gitea's type names its events more finely: "pull_request" would be all nine.
const Dialect dialect{
    .type = "gitea",
    .authorization_scheme = "token",
    .accept = "application/json",
    .api_version = "",
    .page_query = "limit=50",
    .event_header = "x-gitea-event",
    .delivery_header = "x-gitea-delivery",
    .signature_header = "x-gitea-signature",
    .signature_prefix = "",
    .commit_id_key = "id",
    .pull_request_events = {"pull_request"},
    .webhook = {.kind_key = "type",
                .kind = "gitea",
                .events = {"push", "pull_request_only", "pull_request_label", "pull_request_sync",
                           "pull_request_comment"},
                .secret_on_edit = SecretOnEdit::kept},
};

}  // namespace

Gitea::Gitea(net::HttpClient& http, const Connection& connection)
    : RestForge(dialect, http, normalize(connection), normalize(connection).url + "/api/v1")
{
}

}  // namespace ramet::forges
