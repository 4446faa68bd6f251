#include "data/clone/file_copy.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ramet::data {
namespace {

struct Range {
    off_t begin = 0;
    off_t end = 0;
};

bool is_unsupported(int number)
{
    return number == EOPNOTSUPP || number == ENOTTY || number == EXDEV || number == EINVAL || number == ENOSYS;
}

Result<void> write_all(const Fd& to, const char* bytes, std::size_t count, off_t offset, const Path& shown)
{
    while (count > 0) {
        const auto written = ::pwrite(to.get(), bytes, count, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return std::unexpected(os_error("writing", shown));
        bytes += written;
        count -= static_cast<std::size_t>(written);
        offset += written;
    }
    return {};
}

/// For file systems between which the kernel does not copy by itself.
Result<void> copy_by_hand(const Fd& from, const Fd& to, Range range, const Path& shown)
{
    std::array<char, 256U << 10U> buffer;
    while (range.begin < range.end) {
        const auto wanted = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(range.end - range.begin));
        const auto count = ::pread(from.get(), buffer.data(), wanted, range.begin);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(os_error("reading", shown));
        if (count == 0) return fail(ErrorKind::conflict, "{} shrank while it was copied", shown.string());
        TRY(write_all(to, buffer.data(), static_cast<std::size_t>(count), range.begin, shown));
        range.begin += count;
    }
    return {};
}

Result<void> copy_range(const Fd& from, const Fd& to, Range range, const Path& shown)
{
    while (range.begin < range.end) {
        off_t in = range.begin;
        off_t out = range.begin;
        const auto count =
            ::copy_file_range(from.get(), &in, to.get(), &out, static_cast<std::size_t>(range.end - range.begin), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count == 0 || (count < 0 && is_unsupported(errno))) return copy_by_hand(from, to, range, shown);
        if (count < 0) return std::unexpected(os_error("copying", shown));
        range.begin += count;
    }
    return {};
}

/// The next stretch of data at or behind `offset`; empty when only a hole is left.
Result<Range> next_data(const Fd& from, off_t offset, off_t size, const Path& shown)
{
    const auto begin = ::lseek(from.get(), offset, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return Range{size, size};
    if (begin < 0 && errno == EINVAL) return Range{offset, size};
    if (begin < 0) return std::unexpected(os_error("reading", shown));
    const auto end = ::lseek(from.get(), begin, SEEK_HOLE);
    if (end < 0) return std::unexpected(os_error("reading", shown));
    return Range{begin, std::min(end, size)};
}

}  // namespace

Result<ShareResult> share_blocks(const Fd& from, const Fd& to, const Path& shown)
{
    if (::ioctl(to.get(), FICLONE, from.get()) == 0) return ShareResult::shared;
    if (is_unsupported(errno)) return ShareResult::unsupported;
    return std::unexpected(os_error("sharing the blocks of", shown));
}

Result<std::int64_t> copy_content(const Fd& from, const Fd& to, std::int64_t size, const Path& shown)
{
    std::int64_t copied = 0;
    for (off_t offset = 0; offset < size;) {
        const auto range = TRY(next_data(from, offset, size, shown));
        TRY(copy_range(from, to, range, shown));
        copied += range.end - range.begin;
        offset = range.end;
    }
    if (::ftruncate(to.get(), size) != 0) return std::unexpected(os_error("writing", shown));
    return copied;
}

}  // namespace ramet::data
