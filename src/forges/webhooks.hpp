#pragma once

#include "forges/forge.hpp"
#include "forges/rest_client.hpp"

#include <span>

namespace ramet::forges {

/// What a forge does with the secret when a webhook is edited. Gitea up to 1.26 answers 200 and keeps the old one, so that
/// every delivery would be refused: its webhook is made anew.
enum class SecretOnEdit : std::uint8_t { replaced, kept };

struct WebhookDialect {
    std::string_view kind_key;  ///< "type" | "name"
    std::string_view kind;      ///< "gitea" | "web"
    std::vector<std::string_view> events;
    SecretOnEdit secret_on_edit = SecretOnEdit::replaced;
};

struct WebhookTarget {
    std::string_view url;
    std::string_view secret;
};

/// The webhook of a repository that leads to one URL; others are never touched.
class Webhooks {
public:
    Webhooks(RestClient& rest, const WebhookDialect& dialect, std::string_view page_query)
        : rest_(rest), dialect_(dialect), page_query_(page_query)
    {
    }

    Result<void> ensure(const RepositoryName& repository, const WebhookTarget& target);
    Result<void> remove(const RepositoryName& repository, std::string_view url);

private:
    Result<std::vector<std::int64_t>> find(const RepositoryName& repository, std::string_view url);
    Result<void> create(const RepositoryName& repository, json::object body);
    Result<void> remove_all(const RepositoryName& repository, std::span<const std::int64_t> ids);

    RestClient& rest_;
    const WebhookDialect& dialect_;
    std::string_view page_query_;
};

}  // namespace ramet::forges
