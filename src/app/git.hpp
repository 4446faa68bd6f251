#pragma once

#include "base/result.hpp"
#include "domain/ids.hpp"

#include <map>
#include <string>
#include <vector>

namespace ramet::app {

/// A repository and how to be let in. The credentials travel in the environment of git, never in the URL.
struct GitSource {
    std::string url;
    std::map<std::string, std::string> environment{};
};

/// What the use cases need of Git: commits are fetched into a mirror and read there. Blocking.
class Git {
public:
    virtual ~Git() = default;

    /// The commit that a ref ("refs/heads/main", "refs/pull/7/head") has now; fetched. not_found when there is no such ref,
    /// unavailable when the repository does not answer.
    virtual Result<CommitSha> fetch_ref(const GitSource& source, const std::string& reference) = 0;
    /// Makes sure that the commit is in the mirror; `hint` is a ref that may lead to it. not_found when it is gone.
    virtual Result<void> fetch_commit(const GitSource& source, const CommitSha& commit, const std::string& hint) = 0;
    /// not_found when the commit has no such file.
    virtual Result<std::string> read_file(const GitSource& source, const CommitSha& commit,
                                          const std::string& path) = 0;
    /// Hash of the trees that a build sees: its context and what `paths` match. Names of artefacts are made of it.
    virtual Result<std::string> tree_hash(const GitSource& source, const CommitSha& commit, const std::string& context,
                                          const std::vector<std::string>& paths) = 0;
};

}  // namespace ramet::app
