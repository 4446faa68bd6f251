#include "data/store/image.hpp"

#include "base/mounts.hpp"
#include "base/subprocess.hpp"
#include "data/clone/tree.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ramet::data::image {
namespace {

/// XFS would copy 32 blocks for each one that is written into a shared file (104 KB for a page of 8 KB, measured).
constexpr std::uint32_t copy_on_write_hint = 8192;

Result<bool> is_mounted(const Path& at)
{
    const auto mounts = TRY(read_file("/proc/self/mountinfo"));
    std::error_code error;
    const auto place = std::filesystem::canonical(at, error);
    return !error && find_mount_beneath(mounts, place.string()) == place.string();
}

/// What is made inside inherits it.
Result<void> set_copy_on_write_hint(const Path& folder)
{
    const auto opened = TRY(open_directory(folder));
    fsxattr attributes{};
    if (::ioctl(opened.get(), FS_IOC_FSGETXATTR, &attributes) != 0)
        return std::unexpected(os_error("reading the attributes of", folder));
    attributes.fsx_xflags |= FS_XFLAG_COWEXTSIZE;
    attributes.fsx_cowextsize = copy_on_write_hint;
    if (::ioctl(opened.get(), FS_IOC_FSSETXATTR, &attributes) != 0)
        return std::unexpected(os_error("setting the copy-on-write hint of", folder));
    return {};
}

Result<void> make_sparse_file(const Path& image, std::int64_t size_bytes)
{
    const Fd file(::open(image.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return std::unexpected(os_error("making", image));
    if (::ftruncate(file.get(), size_bytes) != 0) return std::unexpected(os_error("making", image));
    return {};
}

Result<void> format(const Path& image)
{
    Command command{.arguments = {"mkfs.xfs", "-q", "-m", "reflink=1", "--", image.string()}};
    auto made = run_checked(command);
    if (made) return {};
    if (made.error().kind == ErrorKind::not_found) made.error().next_step = "apt-get install xfsprogs";
    return fail_in(std::move(made).error(), fmt::format("making a file system in {}", image.string()));
}

}  // namespace

Result<void> create(const Path& image, std::int64_t size_bytes)
{
    TRY(make_sparse_file(image, size_bytes));
    auto formatted = format(image);
    if (!formatted) ::unlink(image.c_str());
    return formatted;
}

Result<void> mount(const Path& image, const Path& at)
{
    if (TRY(is_mounted(at))) return {};
    // Only mount(8) sets up the loop device so that it goes away with the mount, whatever happens to us.
    const Command command{.arguments = {"mount", "-t", "xfs", "-o", "loop,noatime,nodev,nosuid,discard", "--",
                                        image.string(), at.string()}};
    auto mounted = run_checked(command);
    if (!mounted) {
        mounted.error().next_step = "mount it as root, or remove the store with `ramet storage remove`";
        return fail_in(std::move(mounted).error(), fmt::format("mounting {}", image.string()));
    }
    if (::chmod(at.c_str(), 0700) != 0) return std::unexpected(os_error("setting the mode of", at));
    return set_copy_on_write_hint(at);
}

Result<void> remove(const Path& image, const Path& at)
{
    if (TRY(is_mounted(at)) && ::umount2(at.c_str(), UMOUNT_NOFOLLOW) != 0)
        return std::unexpected(os_error("unmounting", at));
    if (::unlink(image.c_str()) != 0 && errno != ENOENT) return std::unexpected(os_error("removing", image));
    return {};
}

}  // namespace ramet::data::image
