#include "daemon/git_mirrors.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "targets/local/git_mirror.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <thread>

namespace ramet::daemon {

namespace {

using targets::local::GitMirror;

// A commit's trees never change, but the table must not grow for ever.
constexpr std::size_t remembered_trees = 20'000;

constexpr std::chrono::seconds longest_wait{10};

Result<GitMirror> open(const Path& root, const app::GitSource& source)
{
    GitMirror::Options options{.root = root, .url = source.url};
    options.environment = source.environment;
    return GitMirror::open(std::move(options));
}

/// Keeps servers that share the directory from fetching into one mirror at once, which git would refuse to one of them. For a
/// while only: of a server that stands still it is git itself that finishes.
class OtherServers {
public:
    explicit OtherServers(const Path& root, const std::string& url)
        : file_(::open((root / ("." + short_hash({url}) + ".lock")).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600))
    {
        const auto deadline = std::chrono::steady_clock::now() + longest_wait;
        while (file_ && ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }

private:
    Fd file_;
};

}  // namespace

std::mutex& GitMirrors::lock_of(const std::string& url)
{
    const std::scoped_lock lock(mutex_);
    auto& found = fetches_[url];
    if (!found) found = std::make_unique<std::mutex>();
    return *found;
}

Result<CommitSha> GitMirrors::fetch_ref(const app::GitSource& source, const std::string& reference)
{
    const std::scoped_lock lock(lock_of(source.url));
    TRY(ensure_directory(root_));
    const OtherServers held(root_, source.url);
    auto mirror = TRY(open(root_, source));
    TRY(mirror.ensure());
    return mirror.fetch(reference);
}

Result<void> GitMirrors::fetch_commit(const app::GitSource& source, const CommitSha& commit, const std::string& hint)
{
    const std::scoped_lock lock(lock_of(source.url));
    TRY(ensure_directory(root_));
    const OtherServers held(root_, source.url);
    auto mirror = TRY(open(root_, source));
    TRY(mirror.ensure());
    return mirror.ensure_commit(commit, hint);
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
