#include "targets/local/build_cache.hpp"

#include "base/file_lock.hpp"
#include "base/text.hpp"
#include "targets/local/marks.hpp"
#include "targets/local/processes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fts.h>

#include <cerrno>
#include <memory>

namespace ramet::targets::local {
namespace {

Error failure_of(const TaskResult& result, const Path& shim)
{
    Error error{ErrorKind::invalid, fmt::format("the build's command exited with {}", result.exit_code),
                last_log_lines(shim)};
    if (!result.problem.empty()) error.message = "the build's command could not be started: " + result.problem;
    if (result.timed_out) {
        error.kind = ErrorKind::timeout;
        error.message = "the build took longer than it may, and was ended";
    }
    error.next_step = "push a fix, or run the command in a checkout to see more";
    return error;
}

mode_t mode_of(const struct stat& status, Writing writing)
{
    const mode_t readable = status.st_mode | S_IRUSR | S_IRGRP | S_IROTH;
    const mode_t passable =
        S_ISDIR(status.st_mode) || (status.st_mode & S_IXUSR) != 0 ? readable | S_IXUSR | S_IXGRP | S_IXOTH : readable;
    const mode_t plain = passable & 0777U;
    return writing == Writing::forbidden ? plain & ~mode_t{0222} : plain | S_IWUSR;
}

}  // namespace

Result<void> give_tree(const Path& path, unsigned uid, Writing writing)
{
    auto root = path.string();
    char* roots[] = {root.data(), nullptr};
    const std::unique_ptr<FTS, int (*)(FTS*)> walk(::fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, nullptr),
                                                   ::fts_close);
    if (!walk) return std::unexpected(os_error("walking", path));
    while (const auto* entry = ::fts_read(walk.get())) {
        if (entry->fts_info == FTS_DP) continue;
        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS) {
            errno = entry->fts_errno;
            return std::unexpected(os_error("walking", entry->fts_accpath));
        }
        if (runs_as_root() && ::lchown(entry->fts_accpath, uid, uid) != 0)
            return std::unexpected(os_error("giving away", entry->fts_accpath));
        if (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE) continue;
        if (::chmod(entry->fts_accpath, mode_of(*entry->fts_statp, writing)) != 0)
            return std::unexpected(os_error("setting the mode of", entry->fts_accpath));
    }
    return {};
}

/// What could not be looked at is not absent: a second build would be left beside the first.
Result<bool> BuildCache::is_complete(const std::string& hash) const
{
    return look_for(tree(hash));
}

/// Held while a build is begun, completed or abandoned; never while it runs. `unavailable` when somebody else has it for long, as a
/// server that takes a large repository out of its mirror, or stands still.
Result<Fd> BuildCache::lock(const std::string& hash) const
{
    TRY(ensure_directory(root() / ".work", 0700));
    // A few locks for all, so that they need not be cleaned up.
    return lock_file(root() / ".work" / fmt::format("lock-{}", hash.substr(0, 2)));
}

Result<void> BuildCache::begin(const Request& request, const GitMirror& mirror) const
{
    if (TRY(is_complete(request.hash))) {
        // The time of its last use, for the collection.
        ::utimensat(AT_FDCWD, (root() / request.hash).c_str(), nullptr, 0);
        return {};
    }
    const auto held = lock(request.hash);
    // Whoever waits for the build begins it when nobody else has by then.
    if (!held && held.error().kind == ErrorKind::unavailable) return {};
    if (!held) return std::unexpected(held.error());
    if (TRY(is_complete(request.hash)) || TRY(find_shim(work(request.hash) / "shim"))) return {};
    const auto result = TRY(find_task_result(work(request.hash) / "shim"));
    if (result && result->exit_code == 0 && TRY(has_output(request.hash))) return {};
    TRY(clear_work(request.hash));
    return start(request, mirror);
}

Result<void> BuildCache::start(const Request& request, const GitMirror& mirror) const
{
    const auto place = work(request.hash);
    for (const auto* part : {"tree", "home", "tmp", "etc", "shim"}) TRY(ensure_directory(place / part, 0700));
    TRY(mirror.export_to(place / "tree", request.commit, request.selection));
    if (request.command.empty()) return complete(request.hash);
    return run(request, TRY(ensure_user(request.hash)));
}

Result<unsigned> BuildCache::ensure_user(const std::string& hash) const
{
    if (!runs_as_root()) return ::geteuid();
    const int uid = TRY(machine_.allocations.ensure(
        {.kind = "uid", .owner = "builds", .path = hash, .first = first_uid, .last = last_uid}));
    return static_cast<unsigned>(uid);
}

Result<void> BuildCache::run(const Request& request, unsigned uid) const
{
    const auto place = work(request.hash);
    TRY(write_quickly(place / "etc" / "passwd",
                      fmt::format("root:x:0:0:root:/root:/bin/sh\nbuild:x:{0}:{0}:build:{1}:/bin/sh\n", uid,
                                  (place / "home").string()),
                      0644));
    TRY(write_quickly(place / "etc" / "group", fmt::format("root:x:0:\nbuild:x:{}:\n", uid), 0644));
    for (const auto* part : {"tree", "home", "tmp"}) TRY(give_tree(place / part, uid, Writing::allowed));

    ShimProgram program{.version = request.hash, .mode = ShimMode::task, .arguments = request.command};
    program.directory = (place / "tree" / request.selection.context).lexically_normal();
    program.environment = clean_environment(place / "home", place / "tmp");
    program.environment["RAMET_BUILD"] = request.hash;
    program.time_limit = request.timeout;
    program.sandbox = project_sandbox(machine_, {place, uid, {}});
    program.sandbox.writable.push_back(place / "tree");
    TRY(ensure_shim({.binary = machine_.shim_binary,
                     .directory = place / "shim",
                     .nonce = request.hash,
                     .label = "build " + request.hash.substr(0, 12),
                     .program = std::move(program)}));
    return {};
}

Result<BuildCache::State> BuildCache::look(const std::string& hash) const
{
    if (TRY(is_complete(hash))) return State{Stage::complete};
    const auto shim = work(hash) / "shim";
    if (!TRY(find_task_result(shim))) {
        const bool runs = TRY(find_shim(shim)).has_value();
        // It may have ended, or been completed, between the two looks.
        if (runs) return State{.stage = Stage::building, .last_line = last_log_lines(shim, 1)};
    }
    const auto held = lock(hash);
    if (!held && held.error().kind == ErrorKind::unavailable)
        return State{.stage = Stage::building, .last_line = held.error().message};
    if (!held) return std::unexpected(held.error());
    if (TRY(is_complete(hash))) return State{Stage::complete};
    const auto result = TRY(find_task_result(shim));
    if (!result) return State{TRY(find_shim(shim)) ? Stage::building : Stage::absent};
    if (result->exit_code != 0) return State{Stage::failed, failure_of(*result, shim)};
    if (!TRY(has_output(hash))) return State{Stage::absent};
    TRY(complete(hash));
    return State{Stage::complete};
}

/// Whether what the command made is still there: in its place, or moved already by an end that was cut off.
Result<bool> BuildCache::has_output(const std::string& hash) const
{
    return TRY(look_for(work(hash) / "tree")) || TRY(look_for(finished(hash) / "tree"));
}

Result<void> BuildCache::put_together(const std::string& hash) const
{
    const auto place = work(hash);
    TRY(give_tree(place / "tree", ::geteuid(), Writing::forbidden));
    TRY(remove_tree(finished(hash)));
    TRY(ensure_directory(finished(hash), 0755));
    std::error_code error;
    std::filesystem::rename(log_path(place / "shim"), finished(hash) / "log", error);  // A tree as it is has none.
    // A directory that is not writable cannot be moved to another parent, except by root.
    if (::chmod((place / "tree").c_str(), 0755) != 0 ||
        ::rename((place / "tree").c_str(), (finished(hash) / "tree").c_str()) != 0)
        return std::unexpected(os_error("moving the artefact to", finished(hash)));
    return {};
}

Result<void> BuildCache::complete(const std::string& hash) const
{
    TRY(sweep_shim(work(hash) / "shim"));
    // One that was cut off behind the move goes on there.
    if (TRY(look_for(work(hash) / "tree"))) TRY(put_together(hash));
    // The artefact appears last of all, so that nobody has to look for what its build has left. Cut off before, it is built again.
    TRY(clear_work(hash));
    if (::chmod((finished(hash) / "tree").c_str(), 0555) != 0 ||
        ::rename(finished(hash).c_str(), (root() / hash).c_str()) != 0)
        return std::unexpected(os_error("moving the artefact to", root() / hash));
    return {};
}

/// Under the lock, with nothing running in it.
Result<void> BuildCache::clear_work(const std::string& hash) const
{
    TRY(sweep_shim(work(hash) / "shim"));
    TRY(remove_tree(work(hash)));
    return machine_.allocations.release("uid", "builds", hash);
}

Result<bool> BuildCache::abandon(const std::string& hash) const
{
    const auto held = TRY(lock(hash));
    const auto shim = work(hash) / "shim";
    TRY(stop_shim(shim, {.signal = SIGKILL, .grace = Milliseconds(0)}));
    for (int waited = 0; waited < 400 && TRY(find_shim(shim)); ++waited) ::usleep(1'000);
    if (TRY(find_shim(shim))) return false;
    TRY(clear_work(hash));
    TRY(remove_tree(finished(hash)));
    return true;
}

Result<void> BuildCache::evict(const std::string& hash) const
{
    const auto held = TRY(lock(hash));
    // Away under another name first: a tree that is half gone must not pass for a complete one.
    const auto doomed = finished(hash);
    TRY(remove_tree(doomed));
    if (::rename((root() / hash).c_str(), doomed.c_str()) != 0 && errno != ENOENT)
        return std::unexpected(os_error("removing", root() / hash));
    return remove_tree(doomed);
}

Result<std::vector<BuildCache::Artefact>> BuildCache::list() const
{
    std::vector<Artefact> artefacts;
    for (const auto& name : TRY(names_in(root()))) {
        struct stat status{};
        if (name.starts_with('.') || ::stat((root() / name).c_str(), &status) != 0) continue;
        artefacts.push_back({name, Time(std::chrono::seconds(status.st_mtim.tv_sec))});
    }
    return artefacts;
}

}  // namespace ramet::targets::local
