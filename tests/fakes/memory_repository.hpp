#pragma once

#include "base/result.hpp"
#include "domain/pull_request.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ramet::fakes {

/// Files of a commit by path.
using Files = std::map<std::string, std::string>;

/// acme/shop: commits, branches and pull requests in memory, seen by MemoryGit and MemoryGitea alike. Thread-safe.
class MemoryRepository {
public:
    /// A new commit at the head of `branch`: the files of its parent (of main, for a new branch) with these in their place.
    CommitSha push(const std::string& branch, const Files& changed);
    /// The branch is at an earlier commit again.
    void force(const std::string& branch, const CommitSha& commit);
    CommitSha head(const std::string& branch) const;
    std::optional<Files> files(const CommitSha& commit) const;

    /// Opened by `author` against main; answers its number.
    std::int64_t open(const std::string& branch, const std::string& author = "alice");
    /// Changes anything about it but its head, which follows the branch while it is open.
    void change(std::int64_t number, const std::function<void(PullRequest&)>& change);
    void close(std::int64_t number);
    void reopen(std::int64_t number);
    std::optional<PullRequest> pull_request(std::int64_t number) const;
    std::vector<PullRequest> open_pull_requests() const;

private:
    void follow_branch(PullRequest& pull) const;

    mutable std::mutex mutex_;
    std::map<CommitSha, Files> commits_;
    std::map<std::string, CommitSha> branches_;
    std::map<std::int64_t, PullRequest> pulls_;
};

}  // namespace ramet::fakes
