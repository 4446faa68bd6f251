#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"
#include "domain/service.hpp"

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets::local {

class GitObjects;

/// Who said where a repository is: an administrator may name a directory of this machine, a repository's own content may not.
enum class UrlOrigin : std::uint8_t { administrator, content };

/// A bare copy of a repository below the data directory: where commits are fetched to, compared and exported from. Fetching and
/// checking out is done by `git`, without hooks, without prompts and without the machine's or anybody's configuration; see
/// GitObjects for reading.
class GitMirror {
public:
    struct Options {
        Path root;        ///< D/mirrors
        std::string url;  ///< http, https, ssh, or a path for administrators
        UrlOrigin origin = UrlOrigin::administrator;
        /// Credentials as environment variables of git (GIT_CONFIG_COUNT, …, GIT_ASKPASS); never part of the url.
        std::map<std::string, std::string> environment{};
        std::stop_token stop{};
        Milliseconds timeout{120'000};
        /// Nobody else writes there while this lives: lock files are what a git that was killed has left.
        bool is_alone = true;
    };
    /// `invalid` for a url with another scheme, a leading dash or a newline.
    static Result<GitMirror> open(Options options);

    /// Creates the bare repository if it is not there.
    Result<void> ensure();
    /// Fetches one ref ("refs/heads/main", "refs/pull/7/head", or a commit) and gives the commit that it names, pinned so that
    /// no clean-up removes it. `not_found` when the other side has no such ref.
    Result<CommitSha> fetch(std::string_view ref);
    /// Makes sure that `commit` is here: at once when it is, else fetched by `hint` (a ref that led to it) and by itself.
    Result<void> ensure_commit(const CommitSha& commit, std::string_view hint = {});
    bool has_commit(const CommitSha& commit) const;

    /// The hash of a directory's or file's content at a commit; empty when there is no such path. "." is the whole tree.
    Result<std::string> tree_hash(const CommitSha& commit, std::string_view path) const;
    /// One file's content; `not_found` when it is not there, `invalid` when it is a link.
    Result<std::string> read_file(const CommitSha& commit, std::string_view path, std::size_t limit = 1U << 20U) const;

    struct Selection {
        std::string context = ".";
        std::vector<std::string> paths{};  ///< globs beside the context
    };
    /// "mode hash path" of each file that a build depends on, sorted by path.
    Result<std::vector<std::string>> list(const CommitSha& commit, const Selection& selection) const;
    /// Writes the selected files, at their places in the repository, into an empty directory. `invalid` for a symbolic link that
    /// leads out of it. There is no .git in it.
    Result<void> export_to(const Path& directory, const CommitSha& commit, const Selection& selection) const;

    const Path& path() const { return path_; }

private:
    explicit GitMirror(Options options);
    Result<std::string> git(std::vector<std::string> arguments) const;
    Result<std::string> git_past_locks(const std::vector<std::string>& arguments) const;
    Result<bool> remove_locks() const;
    Result<void> pin(const GitObjects& objects, const CommitSha& commit) const;
    Result<void> check_links(const std::vector<std::string>& entries) const;

    Options options_;
    Path path_;
};

/// Names the artefact of a build by all that it depends on: the content of its context and of what `paths` match, and the command.
Result<std::string> input_hash(const GitMirror& mirror, const CommitSha& commit, const Build& build,
                               const std::vector<std::string>& paths);

/// `invalid` unless `url` may be given to git.
Result<void> check_repository_url(std::string_view url, UrlOrigin origin);

/// Whether a symbolic link at `path` with this target stays inside the tree that it is part of.
bool stays_inside(std::string_view path, std::string_view target);

}  // namespace ramet::targets::local
