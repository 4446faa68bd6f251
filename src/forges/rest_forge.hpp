#pragma once

#include "base/secret_bytes.hpp"
#include "forges/comments.hpp"
#include "forges/forge.hpp"
#include "forges/rest_client.hpp"
#include "forges/webhooks.hpp"

namespace ramet::forges {

/// Where Gitea and GitHub differ; everything else is one code, RestForge.
struct Dialect {
    std::string_view type;
    std::string_view authorization_scheme;  ///< "token" | "Bearer"
    std::string_view accept;
    std::string_view api_version;  ///< value of X-GitHub-Api-Version; empty: not sent
    std::string_view page_query;   ///< asks for the largest page: "limit=50"
    std::string_view event_header;
    std::string_view delivery_header;
    std::string_view signature_header;
    std::string_view signature_prefix;                  ///< before the hexadecimal HMAC-SHA-256 of the body
    std::string_view commit_id_key;                     ///< of a branch's commit: "id" | "sha"
    std::vector<std::string_view> pull_request_events;  ///< values of the event header that are about a pull request
    WebhookDialect webhook;
};

struct Connection {
    std::string url;  ///< "http://127.0.0.1:3000", "https://github.com"
    SecretBytes token{};
};

/// The connection as the adapters take it: its URL without slashes at the end, so that paths can be put behind it.
Connection normalize(const Connection& connection);

/// A forge that speaks the REST dialect of GitHub. One object per connection.
class RestForge : public Forge {
public:
    /// Both URLs without a trailing slash; `dialect` outlives the forge.
    RestForge(const Dialect& dialect, net::HttpClient& http, Connection connection, std::string api_url);

    std::string_view type() const override { return dialect_.type; }
    Result<Hint> parse_event(const Delivery& delivery, std::string_view webhook_secret) const override;
    std::string delivery_id(const Delivery& delivery) const override;

    Result<Repository> get_repository(const RepositoryName& repository) override;
    Result<PullRequest> get_pull_request(const RepositoryName& repository, std::int64_t number) override;
    Result<std::vector<PullRequest>> list_open_pull_requests(const RepositoryName& repository) override;
    Result<CommitSha> get_branch_head(const RepositoryName& repository, std::string_view branch) override;
    Result<std::string> get_file(const RepositoryName& repository, std::string_view path,
                                 std::string_view reference) override;
    Result<bool> may_write(const RepositoryName& repository, std::string_view login) override;

    Result<void> set_status(const RepositoryName& repository, const CommitStatus& status) override;
    Result<void> ensure_comment(const RepositoryName& repository, std::int64_t number, std::string_view marker,
                                std::string_view text) override;
    Result<void> ensure_webhook(const RepositoryName& repository, std::string_view url,
                                std::string_view secret) override;
    Result<void> remove_webhook(const RepositoryName& repository, std::string_view url) override;

    std::string pull_request_ref(std::int64_t number) const override;
    std::map<std::string, std::string> git_environment() const override;

private:
    const Dialect& dialect_;
    Connection connection_;
    RestClient rest_;
    Comments comments_;
    Webhooks webhooks_;
};

}  // namespace ramet::forges
