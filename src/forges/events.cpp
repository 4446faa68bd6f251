#include "forges/events.hpp"

#include "forges/pull_request_json.hpp"

namespace ramet::forges {

namespace {

constexpr std::string_view branch_prefix = "refs/heads/";

std::unexpected<Error> missing(std::string_view pointer)
{
    Error error{ErrorKind::invalid, fmt::format("the event has no usable `{}`", pointer)};
    error.where = pointer;
    return std::unexpected(std::move(error));
}

Result<RepositoryName> require_repository(const Json& payload)
{
    auto name = read_repository_name(get_member(payload, "repository"));
    if (name.name.empty()) return missing("/repository/full_name");
    return name;
}

/// A fork's is not wanted before somebody has decided about it.
CommitSha read_new_head(const Json& payload, const RepositoryName& repository)
{
    const auto action = get_string(payload, "action");
    const auto& head = get_member(get_member(payload, "pull_request"), "head");
    const bool is_new =
        action == "opened" || action == "reopened" || action == "synchronize" || action == "synchronized";
    if (!is_new || read_repository_name(get_member(head, "repo")) != repository) return {};
    auto commit = get_string(head, "sha");
    return is_commit_sha(commit) ? CommitSha(std::move(commit)) : CommitSha();
}

}  // namespace

Result<Hint> read_pull_request_event(const Json& payload)
{
    auto repository = TRY(require_repository(payload));
    auto number = get_int(payload, "number");
    if (number <= 0) number = get_int(get_member(payload, "pull_request"), "number");
    if (number <= 0) return missing("/number");
    auto head = read_new_head(payload, repository);
    return PullRequestHint{std::move(repository), number, std::move(head)};
}

Result<Hint> read_push_event(const Json& payload)
{
    auto repository = TRY(require_repository(payload));
    const auto reference = get_string(payload, "ref");
    if (reference.empty()) return missing("/ref");
    if (!reference.starts_with(branch_prefix)) return NoHint{"a push to " + reference + ", which is no branch"};
    return BranchHint{std::move(repository), reference.substr(branch_prefix.size())};
}

Result<Hint> read_comment_event(const Json& payload)
{
    auto repository = TRY(require_repository(payload));
    const auto& issue = get_member(payload, "issue");
    if (!issue.is_object()) return missing("/issue");
    if (!get_bool(payload, "is_pull") && !get_member(issue, "pull_request").is_object())
        return NoHint{"a comment on an issue"};
    const auto action = get_string(payload, "action");
    if (action.empty()) return missing("/action");
    if (action != "created") return NoHint{"a comment was " + action};
    const auto number = get_int(issue, "number");
    if (number <= 0) return missing("/issue/number");
    const auto& comment = get_member(payload, "comment");
    if (!get_member(comment, "body").is_string()) return missing("/comment/body");
    const auto author = get_string(get_member(comment, "user"), "login");
    // GitHub gives no user for accounts that are gone: nobody's permission can be asked for.
    if (author.empty()) return NoHint{"a comment by an account that is gone"};
    return CommentHint{std::move(repository), number, author, get_string(comment, "body")};
}

}  // namespace ramet::forges
