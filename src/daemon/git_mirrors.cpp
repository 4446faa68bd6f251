#include "daemon/git_mirrors.hpp"

#include "base/file_lock.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "targets/local/git_mirror.hpp"

#include <optional>

namespace ramet::daemon {

namespace {

using targets::local::GitMirror;

// A commit's trees never change, but the table must not grow for ever.
constexpr std::size_t remembered_trees = 20'000;

constexpr Milliseconds longest_wait{10'000};

Result<GitMirror> open(const Path& root, const app::GitSource& source, bool is_alone = false)
{
    GitMirror::Options options{.root = root, .url = source.url};
    options.environment = source.environment;
    options.is_alone = is_alone;
    return GitMirror::open(std::move(options));
}

/// Keeps servers that share the directory from fetching into one mirror at once, which git would refuse to one of them. For a
/// while only: of a server that stands still it is git itself that finishes. Nothing where it is still held.
Result<std::optional<Fd>> keep_others_out(const Path& root, const std::string& url)
{
    auto locked = lock_file(root / ("." + short_hash({url}) + ".lock"), longest_wait);
    if (locked) return std::move(*locked);
    if (locked.error().kind == ErrorKind::unavailable) return std::nullopt;
    return std::unexpected(std::move(locked).error());
}

}  // namespace

std::mutex& GitMirrors::lock_of(const std::string& url)
{
    const std::scoped_lock lock(mutex_);
    auto& found = fetches_[url];
    if (!found) found = std::make_unique<std::mutex>();
    return *found;
}

/// One at a time for each mirror.
template <typename Fetch>
auto GitMirrors::into_mirror(const app::GitSource& source, const Fetch& fetch)
    -> decltype(fetch(std::declval<GitMirror&>()))
{
    const std::scoped_lock lock(lock_of(source.url));
    TRY(ensure_directory(root_));
    const auto held = TRY(keep_others_out(root_, source.url));
    auto mirror = TRY(open(root_, source, held.has_value()));
    TRY(mirror.ensure());
    return fetch(mirror);
}

Result<CommitSha> GitMirrors::fetch_ref(const app::GitSource& source, const std::string& reference)
{
    return into_mirror(source, [&](GitMirror& mirror) { return mirror.fetch(reference); });
}

Result<void> GitMirrors::fetch_commit(const app::GitSource& source, const CommitSha& commit, const std::string& hint)
{
    return into_mirror(source, [&](GitMirror& mirror) { return mirror.ensure_commit(commit, hint); });
}

Result<std::string> GitMirrors::read_file(const app::GitSource& source, const CommitSha& commit,
                                          const std::string& path)
{
    const auto mirror = TRY(open(root_, source));
    return mirror.read_file(commit, path);
}

Result<std::string> GitMirrors::tree_hash(const app::GitSource& source, const CommitSha& commit,
                                          const std::string& context, const std::vector<std::string>& paths)
{
    const auto key = short_hash({source.url, commit.str(), context, join(paths, "\n")}, 32);
    {
        const std::scoped_lock lock(mutex_);
        if (const auto found = trees_.find(key); found != trees_.end()) return found->second;
    }
    const auto mirror = TRY(open(root_, source));
    auto hash = TRY(mirror.tree_hash(commit, context));
    if (hash.empty())
        return fail(ErrorKind::not_found, "the commit {} has no folder {}", commit.str().substr(0, 7), context);
    if (!paths.empty()) {
        const auto files = TRY(mirror.list(commit, {context, paths}));
        hash = sha256_hex(join(files, "\n"));
    }
    const std::scoped_lock lock(mutex_);
    if (trees_.size() > remembered_trees) trees_.clear();
    trees_[key] = hash;
    return hash;
}

}  // namespace ramet::daemon
