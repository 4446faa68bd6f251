#pragma once

#include "app/git.hpp"
#include "base/file.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace ramet::targets::local {
class GitMirror;
}

namespace ramet::daemon {

/// app::Git on bare mirrors below the data directory. One fetch at a time per repository; hashes of trees are remembered, as a
/// commit never changes.
class GitMirrors final : public app::Git {
public:
    explicit GitMirrors(Path root) : root_(std::move(root)) {}

    Result<CommitSha> fetch_ref(const app::GitSource& source, const std::string& reference) override;
    Result<void> fetch_commit(const app::GitSource& source, const CommitSha& commit, const std::string& hint) override;
    Result<std::string> read_file(const app::GitSource& source, const CommitSha& commit,
                                  const std::string& path) override;
    Result<std::string> tree_hash(const app::GitSource& source, const CommitSha& commit, const std::string& context,
                                  const std::vector<std::string>& paths) override;

private:
    std::mutex& lock_of(const std::string& url);
    template <typename Fetch>
    auto into_mirror(const app::GitSource& source, const Fetch& fetch)
        -> decltype(fetch(std::declval<targets::local::GitMirror&>()));

    Path root_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<std::mutex>> fetches_;
    std::map<std::string, std::string> trees_;  ///< by url, commit, context and paths
};

}  // namespace ramet::daemon
