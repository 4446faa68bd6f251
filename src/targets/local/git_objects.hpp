#pragma once

#include "base/file.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct git_repository;

namespace ramet::targets::local {

/// Reads what a bare repository of this machine holds, in this process: a deployment asks a dozen questions, and starting git for
/// each took longer than all the rest (docs/decisions/0010). Hooks, configuration and attributes are never looked at.
/// Used by one thread at a time; opening one is cheap and shows what was fetched until then.
class GitObjects {
public:
    static Result<GitObjects> open(const Path& repository);

    struct Entry {
        std::uint32_t mode =
            0;  ///< as git writes it: 0100644, 0100755, 0120000 (link), 040000 (tree), 0160000 (submodule)
        std::string hash{};
        std::string path{};  ///< from the root of the repository
    };

    bool has_commit(const CommitSha& commit) const;
    /// The commit that a ref names, through tags.
    Result<CommitSha> commit_of(const std::string& ref) const;
    /// What is at `path` ("" is the root); nothing when there is no such path. `not_found` when the commit is not here.
    Result<std::optional<Entry>> find(const CommitSha& commit, const std::string& path) const;
    /// All that is not a directory, at or below `path`, sorted as git sorts.
    Result<std::vector<Entry>> list(const CommitSha& commit, const std::string& path) const;
    /// `invalid` when it is larger than `limit` bytes.
    Result<std::string> read_blob(const std::string& hash, std::size_t limit) const;
    /// Makes `ref` name the commit, so that no clean-up removes it.
    Result<void> pin(const std::string& ref, const CommitSha& commit) const;

private:
    struct Close {
        void operator()(git_repository* repository) const;
    };
    explicit GitObjects(git_repository* repository) : repository_(repository) {}

    std::unique_ptr<git_repository, Close> repository_;
};

}  // namespace ramet::targets::local
