#include "forges/pull_request_json.hpp"

#include "base/text.hpp"

namespace ramet::forges {

namespace {

Error unreadable(std::string_view what)
{
    return Error{ErrorKind::unavailable, fmt::format("the Git host's pull request has no usable `{}`", what)};
}

std::string read_id(const Json& user)
{
    const auto id = get_int(user, "id");
    return id == 0 ? std::string() : std::to_string(id);
}

// A link for people: what is no web address ("javascript:") is none.
std::string read_web_url(const Json& object)
{
    auto url = get_string(object, "html_url");
    return url.starts_with("https://") || url.starts_with("http://") ? url : std::string();
}

std::vector<std::string> read_labels(const Json& object)
{
    std::vector<std::string> labels;
    const auto& list = get_member(object, "labels");
    if (!list.is_array()) return labels;
    for (const auto& label : list.as_array()) labels.push_back(get_string(label, "name"));
    return labels;
}

PullRequestState read_state(const Json& object)
{
    if (get_bool(object, "merged") || get_member(object, "merged_at").is_string()) return PullRequestState::merged;
    return get_string(object, "state") == "open" ? PullRequestState::open : PullRequestState::closed;
}

}  // namespace

RepositoryName read_repository_name(const Json& repository)
{
    const auto full_name = get_string(repository, "full_name");
    const auto slash = full_name.find('/');
    const bool is_usable = slash != std::string::npos && slash > 0 && slash + 1 < full_name.size() &&
                           full_name.find('/', slash + 1) == std::string::npos;
    if (!is_usable) return {};
    return {full_name.substr(0, slash), full_name.substr(slash + 1)};
}

Result<PullRequest> read_pull_request(const Json& object, const RepositoryName& repository)
{
    PullRequest read;
    read.repository = repository;
    read.number = get_int(object, "number");
    if (read.number <= 0) return std::unexpected(unreadable("number"));
    const auto state = get_string(object, "state");
    if (state != "open" && state != "closed") return std::unexpected(unreadable("state"));
    read.state = read_state(object);
    read.is_draft = get_bool(object, "draft");
    read.title = get_string(object, "title");
    read.author = get_string(get_member(object, "user"), "login");
    read.author_id = read_id(get_member(object, "user"));
    const auto& head = get_member(object, "head");
    read.head_branch = get_string(head, "ref");
    const auto sha = get_string(head, "sha");
    if (!is_commit_sha(sha)) return std::unexpected(unreadable("head.sha"));
    read.head_commit = CommitSha(sha);
    read.head_repository = read_repository_name(get_member(head, "repo"));
    read.target_branch = get_string(get_member(object, "base"), "ref");
    if (read.target_branch.empty()) return std::unexpected(unreadable("base.ref"));
    read.labels = read_labels(object);
    read.web_url = read_web_url(object);
    return read;
}

std::string_view to_string(CommitState state)
{
    switch (state) {
    case CommitState::pending: return "pending";
    case CommitState::success: return "success";
    case CommitState::failure: return "failure";
    case CommitState::error: return "error";
    }
    return "error";
}

}  // namespace ramet::forges
