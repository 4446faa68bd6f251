#pragma once

#include "app/git.hpp"

namespace ramet::daemon {

/// Git that connects only where it may: each repository's host is looked up and checked before git runs, and git is held to the
/// addresses that were found, so that neither a redirect nor a name that changes its address leads it elsewhere.
class HeldGit final : public app::Git {
public:
    explicit HeldGit(app::Git& git) : git_(git) {}

    Result<CommitSha> fetch_ref(const app::GitSource& source, const std::string& reference) override;
    Result<void> fetch_commit(const app::GitSource& source, const CommitSha& commit, const std::string& hint) override;
    Result<std::string> read_file(const app::GitSource& source, const CommitSha& commit,
                                  const std::string& path) override;
    Result<std::string> tree_hash(const app::GitSource& source, const CommitSha& commit, const std::string& context,
                                  const std::vector<std::string>& paths) override;

private:
    app::Git& git_;
};

/// The source with git's settings for it. `egress_denied` where it may not go, `unavailable` when its name does not resolve.
Result<app::GitSource> hold(app::GitSource source);

}  // namespace ramet::daemon
