#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/pull_request.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ramet::forges {

/// Headers with lower-case names, and the raw body as it was signed.
struct Delivery {
    std::map<std::string, std::string> headers{};
    std::string body{};
};

/// What an event is good for: a reason to look again. It carries no state that could be believed.
struct PullRequestHint {
    RepositoryName repository;
    std::int64_t number = 0;
    /// Of the repository itself, where the event says that there is a new one: it can be fetched while the rest is read.
    CommitSha new_head{};
};
struct BranchHint {
    RepositoryName repository;
    std::string branch{};
};
/// A command in a comment, to be checked against the author's present permission before it is obeyed.
struct CommentHint {
    RepositoryName repository;
    std::int64_t number = 0;
    std::string author{};
    std::string body{};
};
struct NoHint {
    std::string reason{};
};
using Hint = std::variant<NoHint, PullRequestHint, BranchHint, CommentHint>;

enum class CommitState : std::uint8_t { pending, success, failure, error };

struct CommitStatus {
    CommitSha commit{};
    CommitState state = CommitState::pending;
    std::string context{};      ///< "ramet/shop"
    std::string description{};  ///< at most 140 characters reach the forge
    std::string target_url{};
};

struct Repository {
    RepositoryName name{};
    std::string default_branch{};
    std::string clone_url{};
    bool is_private = false;
    bool can_administer = false;  ///< the token may make webhooks
};

/// One connection to one repository host with one token. Blocking; called from many threads.
/// An outage or nonsense is `unavailable` and changes nothing; what is gone is `not_found`.
class Forge {
public:
    virtual ~Forge() = default;

    virtual std::string_view type() const = 0;  ///< "gitea", "github"

    /// Pure. Wrong or missing signature: `unauthenticated`. Unknown events are NoHint. Missing required fields: `invalid`.
    virtual Result<Hint> parse_event(const Delivery& delivery, std::string_view webhook_secret) const = 0;
    /// The id by which the same delivery is recognised when it comes twice; empty when the forge sends none.
    virtual std::string delivery_id(const Delivery& delivery) const = 0;

    virtual Result<Repository> get_repository(const RepositoryName& repository) = 0;
    virtual Result<PullRequest> get_pull_request(const RepositoryName& repository, std::int64_t number) = 0;
    /// All that are open, every page.
    virtual Result<std::vector<PullRequest>> list_open_pull_requests(const RepositoryName& repository) = 0;
    virtual Result<CommitSha> get_branch_head(const RepositoryName& repository, std::string_view branch) = 0;
    /// A file's content at a commit or branch; for the first look at ramet.yaml.
    virtual Result<std::string> get_file(const RepositoryName& repository, std::string_view path,
                                         std::string_view reference) = 0;
    /// Whether this login may write to the repository now.
    virtual Result<bool> may_write(const RepositoryName& repository, std::string_view login) = 0;

    virtual Result<void> set_status(const RepositoryName& repository, const CommitStatus& status) = 0;
    /// One comment per marker, found again by it and edited in place; made when there is none. The same text is not sent twice.
    virtual Result<void> ensure_comment(const RepositoryName& repository, std::int64_t number, std::string_view marker,
                                        std::string_view text) = 0;
    /// Makes or updates the webhook with this URL; repeatable. `forbidden` when the token may not.
    virtual Result<void> ensure_webhook(const RepositoryName& repository, std::string_view url,
                                        std::string_view secret) = 0;
    virtual Result<void> remove_webhook(const RepositoryName& repository, std::string_view url) = 0;

    /// The git ref that holds a pull request's head in the target repository: "refs/pull/7/head".
    virtual std::string pull_request_ref(std::int64_t number) const = 0;
    /// User name and header for git over HTTP with this connection's token (environment configuration, never the URL).
    virtual std::map<std::string, std::string> git_environment() const = 0;
};

}  // namespace ramet::forges
