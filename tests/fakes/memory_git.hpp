#pragma once

#include "app/git.hpp"
#include "fakes/memory_repository.hpp"

#include <atomic>

namespace ramet::fakes {

/// app::Git on a MemoryRepository. Thread-safe.
class MemoryGit final : public app::Git {
public:
    explicit MemoryGit(const MemoryRepository& repository) : repository_(repository) {}

    Result<CommitSha> fetch_ref(const app::GitSource& source, const std::string& reference) override;
    Result<void> fetch_commit(const app::GitSource& source, const CommitSha& commit, const std::string& hint) override;
    Result<std::string> read_file(const app::GitSource& source, const CommitSha& commit,
                                  const std::string& path) override;
    Result<std::string> tree_hash(const app::GitSource& source, const CommitSha& commit, const std::string& context,
                                  const std::vector<std::string>& paths) override;

    /// Every call fails as a host that does not answer until `answer_again`.
    void go_silent() { is_silent_ = true; }
    void answer_again() { is_silent_ = false; }

private:
    Result<Files> files(const CommitSha& commit) const;

    const MemoryRepository& repository_;
    std::atomic<bool> is_silent_ = false;
};

}  // namespace ramet::fakes
