#include "data/clone/tree_clone.hpp"

#include "data/clone/file_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>

namespace ramet::data {
namespace {

Result<std::string> read_link(const Fd& root, const Path& shown, const std::string& path)
{
    std::array<char, PATH_MAX> target;
    const auto length = ::readlinkat(root.get(), path.c_str(), target.data(), target.size());
    if (length < 0) return std::unexpected(os_error("reading the link", shown / path));
    return std::string(target.data(), static_cast<std::size_t>(length));
}

bool leaves_the_tree(const std::string& link, const std::string& target)
{
    if (target.starts_with('/')) return true;
    const auto reached = (Path(link).parent_path() / target).lexically_normal();
    return *reached.begin() == "..";
}

Result<void> check_link(const Fd& root, const Path& shown, const std::string& path)
{
    // No TRY: g++ 12 takes the value that it moves for uninitialised at -O2.
    const auto read = read_link(root, shown, path);
    if (!read) return std::unexpected(read.error());
    const auto& target = *read;
    if (!leaves_the_tree(path, target)) return {};
    Error error{ErrorKind::refused, fmt::format("{} cannot be cloned: the link {} leaves it", shown.string(), path)};
    error.evidence = fmt::format("{} -> {}", path, target);
    if (path.starts_with("pg_tblspc/")) {
        error.message =
            fmt::format("{} cannot be cloned: it has a tablespace outside of its data directory", shown.string());
        error.next_step = "move its tables back (ALTER TABLE … SET TABLESPACE pg_default) and drop the tablespace";
    }
    return std::unexpected(std::move(error));
}

/// One copying of one tree.
class TreeClone {
public:
    TreeClone(const CloneRequest& request, FileTransfer transfer) : request_(request), transfer_(transfer) {}

    Result<CloneResult> run()
    {
        from_ = TRY(open_directory(request_.source));
        const auto entries = TRY(list_tree(from_, request_.source));
        TRY(check_entries(from_, request_.source, entries));
        TRY(make_root());
        TRY(make_folders(entries));
        TRY(in_parallel(request_.threads, entries.size(), [&](std::size_t index) { return make(entries[index]); }));
        TRY(set_folder_modes());
        return CloneResult{transfer_ == FileTransfer::share ? CloneMethod::reflink : CloneMethod::copy, bytes_, files_};
    }

private:
    Result<void> make_root()
    {
        struct stat status{};
        if (::fstat(from_.get(), &status) != 0) return std::unexpected(os_error("reading", request_.source));
        if (::mkdir(request_.destination.c_str(), 0700) != 0)
            return std::unexpected(os_error("making", request_.destination));
        to_ = TRY(open_directory(request_.destination));
        folders_.push_back({".", status.st_mode & 07777U});
        return give_away(to_, request_.destination);
    }

    /// Before the files, as these are made in no order.
    Result<void> make_folders(const std::vector<TreeEntry>& entries)
    {
        for (const auto& entry : entries)
            if (entry.type == EntryType::directory) TRY(make_folder(entry.path));
        return {};
    }

    Result<void> make_folder(const std::string& path)
    {
        const auto shown = request_.destination / path;
        struct stat status{};
        if (::fstatat(from_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return std::unexpected(os_error("reading", request_.source / path));
        if (::mkdirat(to_.get(), path.c_str(), 0700) != 0) return std::unexpected(os_error("making", shown));
        const Fd made(::openat(to_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!made) return std::unexpected(os_error("making", shown));
        folders_.push_back({path, status.st_mode & 07777U});
        return give_away(made, shown);
    }

    /// Last: nothing can be put into a folder that is not writable.
    Result<void> set_folder_modes()
    {
        for (const auto& [path, mode] : folders_)
            if (mode != 0700U && ::fchmodat(to_.get(), path.c_str(), mode, 0) != 0)
                return std::unexpected(os_error("setting the mode of", request_.destination / path));
        return {};
    }

    Result<void> make(const TreeEntry& entry)
    {
        if (request_.stop.stop_requested())
            return fail(ErrorKind::cancelled, "cloning {} was stopped", request_.source.string());
        if (entry.type == EntryType::directory) return {};
        return entry.type == EntryType::link ? make_link(entry.path) : make_file(entry.path);
    }

    Result<void> make_link(const std::string& path)
    {
        const auto target = TRY(read_link(from_, request_.source, path));
        const auto shown = request_.destination / path;
        if (::symlinkat(target.c_str(), to_.get(), path.c_str()) != 0)
            return std::unexpected(os_error("making", shown));
        if (!request_.owner) return {};
        if (::fchownat(to_.get(), path.c_str(), request_.owner->user, request_.owner->group, AT_SYMLINK_NOFOLLOW) != 0)
            return std::unexpected(os_error("giving away", shown));
        return {};
    }

    Result<void> make_file(const std::string& path)
    {
        const auto shown = request_.destination / path;
        const Fd in(::openat(from_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status{};
        if (!in && errno == ENOENT && request_.state == SourceState::served) return {};
        if (!in || ::fstat(in.get(), &status) != 0) return std::unexpected(os_error("reading", request_.source / path));
        const Fd out(::openat(to_.get(), path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!out) return std::unexpected(os_error("making", shown));
        if (status.st_size > 0) TRY(transfer(in, out, status.st_size, shown));
        ++files_;
        return finish(out, status.st_mode, shown);
    }

    Result<void> transfer(const Fd& in, const Fd& out, std::int64_t size, const Path& shown)
    {
        if (transfer_ == FileTransfer::copy) return copy(in, out, size, shown);
        if (TRY(share_blocks(in, out, shown)) == ShareResult::shared) return {};
        return fail(ErrorKind::refused, "blocks cannot be shared between {} and {}", request_.source.string(),
                    request_.destination.string());
    }

    Result<void> copy(const Fd& in, const Fd& out, std::int64_t size, const Path& shown)
    {
        const auto copied = copy_content(in, out, size, shown);
        const bool shrank = !copied && copied.error().kind == ErrorKind::conflict;
        if (!copied && !(shrank && request_.state == SourceState::served)) return std::unexpected(copied.error());
        if (copied) bytes_ += *copied;
        return {};
    }

    /// Owner first: a change of owner takes set-user-id bits away.
    Result<void> finish(const Fd& made, mode_t mode, const Path& shown)
    {
        TRY(give_away(made, shown));
        // Most files of a database have the mode that they were made with.
        if ((mode & 07777U) != 0600U && ::fchmod(made.get(), mode & 07777U) != 0)
            return std::unexpected(os_error("setting the mode of", shown));
        return {};
    }

    Result<void> give_away(const Fd& made, const Path& shown)
    {
        if (request_.owner && ::fchown(made.get(), request_.owner->user, request_.owner->group) != 0)
            return std::unexpected(os_error("giving away", shown));
        return {};
    }

    struct Folder {
        std::string path;
        mode_t mode = 0;
    };

    const CloneRequest& request_;
    FileTransfer transfer_;
    Fd from_;
    Fd to_;
    std::vector<Folder> folders_;
    std::atomic<std::int64_t> bytes_ = 0;
    std::atomic<std::int64_t> files_ = 0;
};

}  // namespace

Result<void> check_entries(const Fd& root, const Path& shown, const std::vector<TreeEntry>& entries)
{
    for (const auto& entry : entries) {
        if (entry.type == EntryType::link) TRY(check_link(root, shown, entry.path));
        if (entry.type != EntryType::other) continue;
        Error error{ErrorKind::refused, fmt::format("{} cannot be cloned", shown.string())};
        error.evidence = fmt::format("{} is neither a file nor a folder nor a link", entry.path);
        return std::unexpected(std::move(error));
    }
    return {};
}

Result<CloneResult> clone_files(const CloneRequest& request, FileTransfer transfer)
{
    return TreeClone(request, transfer).run();
}

}  // namespace ramet::data
