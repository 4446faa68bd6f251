#include "data/clone/private_bytes.hpp"

#include "data/clone/tree.hpp"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace ramet::data {
namespace {

constexpr std::uint32_t extents_at_once = 64;

/// The kernel's structure ends in as many extents as its caller has room for.
struct ExtentMap {
    alignas(fiemap) std::array<char, sizeof(fiemap) + extents_at_once * sizeof(fiemap_extent)> bytes{};

    fiemap* head() { return reinterpret_cast<fiemap*>(bytes.data()); }
};

/// The next stretch of extents from `start` on; false where the file system cannot tell.
bool read_extents(const Fd& file, std::uint64_t start, ExtentMap& map)
{
    auto* head = map.head();
    std::memset(head, 0, sizeof *head);
    head->fm_start = start;
    head->fm_length = FIEMAP_MAX_OFFSET - start;
    head->fm_extent_count = extents_at_once;
    return ::ioctl(file.get(), FS_IOC_FIEMAP, head) == 0;
}

/// Nothing where the file system cannot tell.
std::optional<std::int64_t> unshared_bytes(const Fd& file)
{
    std::int64_t bytes = 0;
    ExtentMap map;
    for (std::uint64_t start = 0;;) {
        if (!read_extents(file, start, map)) return std::nullopt;
        const auto* head = map.head();
        if (head->fm_mapped_extents == 0) return bytes;
        const auto* extents = head->fm_extents;
        for (std::uint32_t index = 0; index < head->fm_mapped_extents; ++index) {
            const auto& extent = extents[index];
            if ((extent.fe_flags & FIEMAP_EXTENT_SHARED) == 0) bytes += static_cast<std::int64_t>(extent.fe_length);
            if ((extent.fe_flags & FIEMAP_EXTENT_LAST) != 0) return bytes;
            start = extent.fe_logical + extent.fe_length;
        }
    }
}

Result<void> add_file(const Fd& root, const Path& shown, const std::string& path, TreeBytes& bytes)
{
    constexpr std::int64_t block = 512;  // Of st_blocks, whatever the file system's is.
    const Fd file(::openat(root.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!file && errno == ENOENT) return {};
    if (!file || ::fstat(file.get(), &status) != 0) return std::unexpected(os_error("reading", shown / path));
    bytes.length += status.st_size;
    if (status.st_blocks != 0) bytes.own += unshared_bytes(file).value_or(status.st_blocks * block);
    return {};
}

}  // namespace

Result<TreeBytes> measure_tree(const Path& root)
{
    const auto opened = TRY(open_directory(root));
    TreeBytes bytes;
    for (const auto& entry : TRY(list_tree(opened, root)))
        if (entry.type == EntryType::file) TRY(add_file(opened, root, entry.path, bytes));
    return bytes;
}

}  // namespace ramet::data
