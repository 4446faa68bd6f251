#include "base/file.hpp"
#include "base/mounts.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

namespace ramet {
namespace {

struct stat no_status()
{
    return {};
}

/// Removes the tree `name` in the directory `parent`. Holds two descriptors however deep the tree is: it goes down by name,
/// without following links, and up by ".." after having checked that this is where it came from.
class TreeRemover {
public:
    explicit TreeRemover(Path root) : root_(std::move(root)) {}

    Result<void> run(Fd parent, const std::string& name)
    {
        TRY(enter(std::move(parent), name));
        while (!levels_.empty()) {
            if (levels_.back().folders.empty()) {
                TRY(leave());
                continue;
            }
            const auto folder = std::move(levels_.back().folders.back());
            levels_.back().folders.pop_back();
            auto here = Fd(::dup(directory_.get()));
            if (!here) return std::unexpected(os_error("removing", place()));
            TRY(enter(std::move(here), folder));
        }
        return {};
    }

private:
    struct Level {
        std::string name;
        dev_t parent_device;
        ino_t parent_inode;
        std::vector<std::string> folders{};  ///< still to be removed
        int rounds = 1;                      ///< how often it was listed
    };

    Path place() const
    {
        Path path = root_.parent_path();
        for (const auto& level : levels_) path /= level.name;
        return path;
    }

    Result<void> enter(Fd parent, const std::string& name)
    {
        auto parent_status = no_status();
        auto status = no_status();
        if (::fstat(parent.get(), &parent_status) != 0) return std::unexpected(os_error("removing", place() / name));
        directory_ = Fd(::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!directory_ || ::fstat(directory_.get(), &status) != 0)
            return std::unexpected(os_error("removing", place() / name));
        if (levels_.empty()) device_ = status.st_dev;
        levels_.push_back({name, parent_status.st_dev, parent_status.st_ino});
        if (status.st_dev != device_)
            return fail(ErrorKind::conflict, "removing {}: {} is on another file system", root_.string(),
                        place().string());
        // A folder without the write bit (a cache of Go modules, for one) keeps even its owner from emptying it.
        if ((status.st_mode & S_IRWXU) != S_IRWXU) ::fchmod(directory_.get(), (status.st_mode | S_IRWXU) & 07777U);
        return empty();
    }

    /// Unlinks what is not a folder and notes the folders.
    Result<void> empty()
    {
        const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(::dup(directory_.get())), ::closedir);
        if (!listing) return std::unexpected(os_error("removing", place()));
        ::rewinddir(listing.get());
        for (;;) {
            errno = 0;
            const auto* entry = ::readdir(listing.get());
            if (entry == nullptr && errno != 0) return std::unexpected(os_error("removing", place()));
            if (entry == nullptr) return {};
            const std::string name = entry->d_name;
            if (name != "." && name != "..") TRY(remove_entry(name, entry->d_type));
        }
    }

    Result<void> remove_entry(const std::string& name, unsigned char type)
    {
        if (type != DT_DIR && ::unlinkat(directory_.get(), name.c_str(), 0) == 0) return {};
        if (type == DT_DIR || errno == EISDIR) {
            levels_.back().folders.push_back(name);
            return {};
        }
        if (errno == ENOENT) return {};
        return std::unexpected(os_error("removing", place() / name));
    }

    Result<void> leave()
    {
        const auto& level = levels_.back();
        Fd parent(::openat(directory_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        auto status = no_status();
        if (!parent || ::fstat(parent.get(), &status) != 0) return std::unexpected(os_error("removing", place()));
        if (status.st_dev != level.parent_device || status.st_ino != level.parent_inode)
            return fail(ErrorKind::conflict, "removing {}: it was moved meanwhile", place().string());
        if (::unlinkat(parent.get(), level.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
            // A process that is just ending may have written once more.
            const bool again = errno == ENOTEMPTY && levels_.back().rounds++ < 3;
            if (again) return empty();
            return std::unexpected(os_error("removing", place()));
        }
        directory_ = std::move(parent);
        levels_.pop_back();
        return {};
    }

    Path root_;
    Fd directory_;
    std::vector<Level> levels_;
    dev_t device_ = 0;
};

Result<void> check_no_mount_inside(const Path& path)
{
    const auto mountinfo = TRY(read_file("/proc/self/mountinfo"));
    const auto mount = find_mount_beneath(mountinfo, path.string());
    if (mount.empty()) return {};
    Error error{ErrorKind::conflict, fmt::format("removing {}: {} is mounted inside it", path.string(), mount)};
    error.next_step = fmt::format("umount '{}'", mount);
    return std::unexpected(std::move(error));
}

}  // namespace

Result<void> remove_tree(const Path& path)
{
    // "a/b/" names the same tree as "a/b".
    const auto tree = path.has_filename() ? path : path.parent_path();
    const auto name = tree.filename().string();
    if (name.empty() || name == "." || name == "..")
        return fail(ErrorKind::invalid, "removing '{}': it does not name a file or a folder", path.string());

    std::error_code error;
    const auto folder = std::filesystem::canonical(tree.has_parent_path() ? tree.parent_path() : Path("."), error);
    if (error == std::errc::no_such_file_or_directory) return {};
    errno = error.value();
    if (error) return std::unexpected(os_error("removing", path));

    Fd parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return std::unexpected(os_error("removing", path));
    auto status = no_status();
    if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return {};
        return std::unexpected(os_error("removing", path));
    }
    if (!S_ISDIR(status.st_mode)) {
        if (::unlinkat(parent.get(), name.c_str(), 0) != 0 && errno != ENOENT)
            return std::unexpected(os_error("removing", path));
        return {};
    }
    // Before anything is gone: half a tree is worse than none.
    TRY(check_no_mount_inside(folder / name));
    return TreeRemover(folder / name).run(std::move(parent), name);
}

}  // namespace ramet
