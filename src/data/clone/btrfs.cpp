#include "data/clone/btrfs.hpp"

#include "data/clone/tree.hpp"

#include <linux/btrfs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <string>

namespace ramet::data::btrfs {
namespace {

/// btrfs_inode(5): the root directory of each subvolume has this number.
constexpr ino_t subvolume_inode = 256;

Error ioctl_error(std::string_view what, const Path& path)
{
    const bool unsupported = errno == ENOTTY || errno == EOPNOTSUPP;
    auto error = os_error(what, path);
    if (unsupported) error.kind = ErrorKind::refused;
    return error;
}

/// The last part of `path` as a field of an ioctl.
template <std::size_t Size>
Result<void> put_name(char (&field)[Size], const Path& path)
{
    const auto name = path.filename().string();
    if (name.empty() || name.size() >= Size)
        return fail(ErrorKind::invalid, "'{}' cannot name a subvolume", path.string());
    name.copy(field, name.size());
    field[name.size()] = '\0';
    return {};
}

}  // namespace

bool is_subvolume(const Path& path)
{
    struct stat status{};
    struct statfs system{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_ino != subvolume_inode)
        return false;
    return ::statfs(path.c_str(), &system) == 0 && system.f_type == BTRFS_SUPER_MAGIC;
}

Result<void> create_subvolume(const Path& path)
{
    const auto parent = TRY(open_directory(path.parent_path()));
    btrfs_ioctl_vol_args_v2 arguments{};
    TRY(put_name(arguments.name, path));
    if (::ioctl(parent.get(), BTRFS_IOC_SUBVOL_CREATE_V2, &arguments) != 0)
        return std::unexpected(ioctl_error("making the subvolume", path));
    return {};
}

Result<void> snapshot(const Path& source, const Path& destination, Access access)
{
    const auto from = TRY(open_directory(source));
    const auto parent = TRY(open_directory(destination.parent_path()));
    btrfs_ioctl_vol_args_v2 arguments{};
    arguments.fd = from.get();
    arguments.flags = access == Access::read_only ? BTRFS_SUBVOL_RDONLY : 0;
    TRY(put_name(arguments.name, destination));
    if (::ioctl(parent.get(), BTRFS_IOC_SNAP_CREATE_V2, &arguments) != 0)
        return std::unexpected(ioctl_error("taking the snapshot", destination));
    return {};
}

Result<void> set_access(const Path& subvolume, Access access)
{
    const auto opened = TRY(open_directory(subvolume));
    __u64 flags = 0;
    if (::ioctl(opened.get(), BTRFS_IOC_SUBVOL_GETFLAGS, &flags) != 0)
        return std::unexpected(ioctl_error("reading the flags of", subvolume));
    flags = access == Access::read_only ? flags | BTRFS_SUBVOL_RDONLY : flags & ~__u64{BTRFS_SUBVOL_RDONLY};
    if (::ioctl(opened.get(), BTRFS_IOC_SUBVOL_SETFLAGS, &flags) != 0)
        return std::unexpected(ioctl_error("setting the flags of", subvolume));
    return {};
}

Result<void> destroy_subvolume(const Path& path)
{
    const auto parent = TRY(open_directory(path.parent_path()));
    btrfs_ioctl_vol_args arguments{};
    TRY(put_name(arguments.name, path));
    if (::ioctl(parent.get(), BTRFS_IOC_SNAP_DESTROY, &arguments) != 0 && errno != ENOENT)
        return std::unexpected(ioctl_error("removing the subvolume", path));
    return {};
}

}  // namespace ramet::data::btrfs
