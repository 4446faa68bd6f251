#include "fakes/memory_repository.hpp"

#include "base/hash.hpp"

namespace ramet::fakes {

CommitSha MemoryRepository::push(const std::string& branch, const Files& changed)
{
    const std::scoped_lock lock(mutex_);
    const auto parent = branches_.contains(branch) ? branches_[branch] : branches_["main"];
    auto files = commits_[parent];
    for (const auto& [path, text] : changed) files.insert_or_assign(path, text);
    const CommitSha commit(sha256_hex("commit " + std::to_string(commits_.size())).substr(0, 40));
    commits_[commit] = std::move(files);
    branches_[branch] = commit;
    return commit;
}

void MemoryRepository::force(const std::string& branch, const CommitSha& commit)
{
    const std::scoped_lock lock(mutex_);
    branches_[branch] = commit;
}

CommitSha MemoryRepository::head(const std::string& branch) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = branches_.find(branch);
    return found == branches_.end() ? CommitSha() : found->second;
}

std::optional<Files> MemoryRepository::files(const CommitSha& commit) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = commits_.find(commit);
    return found == commits_.end() ? std::optional<Files>{} : found->second;
}

void MemoryRepository::follow_branch(PullRequest& pull) const
{
    const auto found = branches_.find(pull.head_branch);
    if (found != branches_.end()) pull.head_commit = found->second;
}

std::int64_t MemoryRepository::open(const std::string& branch, const std::string& author)
{
    const std::scoped_lock lock(mutex_);
    PullRequest pull;
    pull.repository = pull.head_repository = {"acme", "shop"};
    pull.number = std::ssize(pulls_) + 1;
    pull.title = "Change " + branch;
    pull.author = author;
    pull.head_branch = branch;
    pull.target_branch = "main";
    follow_branch(pull);
    pulls_[pull.number] = pull;
    return pull.number;
}

void MemoryRepository::change(std::int64_t number, const std::function<void(PullRequest&)>& change)
{
    const std::scoped_lock lock(mutex_);
    auto& pull = pulls_.at(number);
    follow_branch(pull);
    change(pull);
}

void MemoryRepository::close(std::int64_t number)
{
    change(number, [](PullRequest& pull) { pull.state = PullRequestState::closed; });
}

void MemoryRepository::reopen(std::int64_t number)
{
    change(number, [](PullRequest& pull) { pull.state = PullRequestState::open; });
}

std::optional<PullRequest> MemoryRepository::pull_request(std::int64_t number) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = pulls_.find(number);
    if (found == pulls_.end()) return std::nullopt;
    auto pull = found->second;
    if (pull.state == PullRequestState::open) follow_branch(pull);
    return pull;
}

std::vector<PullRequest> MemoryRepository::open_pull_requests() const
{
    const std::scoped_lock lock(mutex_);
    std::vector<PullRequest> open;
    for (auto [number, pull] : pulls_) {
        if (pull.state != PullRequestState::open) continue;
        follow_branch(pull);
        open.push_back(std::move(pull));
    }
    return open;
}

}  // namespace ramet::fakes
