#include "data/clone/overlay.hpp"

#include "base/mounts.hpp"
#include "data/clone/tree_clone.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ramet::data::overlay {
namespace {

/// Beside the mount point: what was written, and the kernel's work folder.
Path layers_of(const Path& destination)
{
    return Path(destination.string() + ".overlay");
}

/// These characters part the mount options from each other.
Result<void> check_path(const Path& path)
{
    if (path.string().find_first_of(",:\\\n") == std::string::npos) return {};
    return fail(ErrorKind::refused, "{} cannot be a layer of an overlay: its name holds a comma, colon or backslash",
                path.string());
}

Result<bool> is_mounted(const Path& path)
{
    const auto mounts = TRY(read_file("/proc/self/mountinfo"));
    return find_mount_beneath(mounts, path.string()) == path.string();
}

Result<void> mount_layers(const Path& source, const Path& destination)
{
    const auto layers = layers_of(destination);
    TRY(check_path(source));
    TRY(check_path(layers));
    const auto options = fmt::format("lowerdir={},upperdir={},workdir={},metacopy=on", source.string(),
                                     (layers / "upper").string(), (layers / "work").string());
    if (::mount("ramet", destination.c_str(), "overlay", MS_NODEV | MS_NOSUID, options.c_str()) != 0)
        return std::unexpected(os_error("mounting an overlay at", destination));
    return {};
}

/// The root of the copy has the mode of the root of the upper layer.
Result<void> make_layers(const CloneRequest& request)
{
    const auto layers = layers_of(request.destination);
    struct stat status{};
    if (::stat(request.source.c_str(), &status) != 0) return std::unexpected(os_error("reading", request.source));
    TRY(ensure_directory(layers, 0700));
    TRY(ensure_directory(layers / "upper", status.st_mode & 07777U));
    TRY(ensure_directory(layers / "work", 0700));
    return ensure_directory(request.destination, 0700);
}

std::int64_t count_files(const std::vector<TreeEntry>& entries)
{
    return std::ranges::count(entries, EntryType::file, &TreeEntry::type);
}

}  // namespace

Result<CloneResult> clone(const CloneRequest& request)
{
    if (::geteuid() != 0) return fail(ErrorKind::refused, "only root can mount an overlay");
    const auto methods = TRY(probe_methods(request.destination.parent_path()));
    if (std::ranges::find(methods, CloneMethod::reflink) == methods.end())
        return fail(ErrorKind::refused, "{} is on a file system without shared blocks", request.destination.string());
    const auto from = TRY(open_directory(request.source));
    const auto entries = TRY(list_tree(from, request.source));
    TRY(check_entries(from, request.source, entries));
    TRY(make_layers(request));
    TRY(mount_layers(request.source, request.destination));
    if (request.owner) TRY(change_owner(request.destination, *request.owner, request.threads));
    return CloneResult{CloneMethod::overlay, 0, count_files(entries)};
}

Result<void> ensure_mounted(const Path& source, const Path& destination)
{
    if (TRY(is_mounted(destination))) return {};
    return mount_layers(source, destination);
}

Result<bool> is_overlay(const Path& path)
{
    return look_for(layers_of(path));
}

Result<void> remove(const Path& path)
{
    if (TRY(is_mounted(path)) && ::umount2(path.c_str(), UMOUNT_NOFOLLOW) != 0)
        return std::unexpected(os_error("unmounting", path));
    TRY(remove_tree_quickly(path));
    return remove_tree_quickly(layers_of(path));
}

}  // namespace ramet::data::overlay
