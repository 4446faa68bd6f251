#include "base/file.hpp"

#include "base/random.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ramet {
namespace {

ErrorKind kind_of(int number)
{
    switch (number) {
    case ENOENT:
    case ESRCH:  // what is read of /proc/PID, when the process ends meanwhile
    case ENOTDIR: return ErrorKind::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::forbidden;
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOLCK:
    case ETIMEDOUT:
    case ECONNRESET:
    case ECONNREFUSED:
    case EPIPE:
    case EAGAIN: return ErrorKind::unavailable;
    case EEXIST:
    case ENOTEMPTY:
    case EBUSY:
    case EISDIR: return ErrorKind::conflict;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL: return ErrorKind::invalid;
    default: return ErrorKind::internal;
    }
}

std::string_view next_step_for(int number)
{
    if (number == ENOSPC || number == EDQUOT) return "free some space on that disk";
    if (number == EMFILE || number == ENFILE) return "raise the limit of open files (ulimit -n)";
    return {};
}

Path directory_of(const Path& path)
{
    return path.has_parent_path() ? path.parent_path() : Path(".");
}

Result<Fd> open_for_reading(const Path& path)
{
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return std::unexpected(os_error("opening", path));
    return fd;
}

/// Reads from the present offset to the end, at most `limit` bytes.
Result<std::string> read_up_to(int fd, std::size_t limit, const Path& path)
{
    std::string content;
    std::array<char, 64U << 10U> buffer;
    while (content.size() < limit) {
        const auto count = ::read(fd, buffer.data(), std::min(buffer.size(), limit - content.size()));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(os_error("reading", path));
        if (count == 0) break;
        content.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return content;
}

Result<void> write_all(int fd, std::string_view content, const Path& path)
{
    while (!content.empty()) {
        const auto count = ::write(fd, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(os_error("writing", path));
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

enum class Flush : std::uint8_t { yes, no };

Result<void> write_new_file(const Path& path, std::string_view content, unsigned mode, Flush flush)
{
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return std::unexpected(os_error("creating", path));
    TRY(write_all(fd.get(), content, path));
    // The mode that was asked for, whatever the umask is.
    if (::fchmod(fd.get(), mode) != 0) return std::unexpected(os_error("setting the mode of", path));
    if (flush == Flush::yes && ::fsync(fd.get()) != 0) return std::unexpected(os_error("writing", path));
    return {};
}

constexpr std::size_t random_digits = 12;

/// Where a file is written before it takes its name.
Path temporary_beside(const Path& path)
{
    SystemRandom random;
    return directory_of(path) / fmt::format(".{}.{}", path.filename().string(), random_hex(random, random_digits / 2));
}

bool is_temporary_of(const Path& path, const std::string& name)
{
    const auto prefix = fmt::format(".{}.", path.filename().string());
    return name.starts_with(prefix) && name.size() == prefix.size() + random_digits &&
           name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
}

/// A rename survives a power cut only when the directory is on disk too.
Result<void> sync_directory(const Path& path)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return std::unexpected(os_error("writing", path));
    return {};
}

Result<void> make_directory(const Path& path, unsigned mode)
{
    if (::mkdir(path.c_str(), mode) == 0) return {};
    if (errno != EEXIST) return std::unexpected(os_error("creating the directory", path));
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return std::unexpected(os_error("looking at", path));
    if (S_ISDIR(status.st_mode)) return {};
    return fail(ErrorKind::conflict, "creating the directory {}: something else has that name", path.string());
}

/// Replaces the file with one that is complete, or leaves it as it was and nothing beside it.
Result<void> replace_file(const Path& path, std::string_view content, unsigned mode, Flush flush)
{
    const auto temporary = temporary_beside(path);
    auto written = write_new_file(temporary, content, mode, flush);
    if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
        written = std::unexpected(os_error("replacing", path));
    if (!written) ::unlink(temporary.c_str());
    return written;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept
{
    if (this == &other) return *this;
    reset();
    fd_ = other.release();
    return *this;
}

int Fd::release()
{
    return std::exchange(fd_, -1);
}

void Fd::reset()
{
    // Never tried again after EINTR: Linux has closed it, and the number may be another thread's by now.
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Error os_error(std::string_view what, const Path& path)
{
    const int number = errno;
    Error error{kind_of(number), fmt::format("{} {}: {}", what, path.string(), std::strerror(number))};
    error.next_step = next_step_for(number);
    return error;
}

Result<bool> look_for(const Path& path)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return std::unexpected(os_error("looking at", path));
}

Result<std::string> read_file(const Path& path, std::size_t limit)
{
    const auto fd = TRY(open_for_reading(path));
    auto content = TRY(read_up_to(fd.get(), limit + 1, path));
    if (content.size() <= limit) return content;
    return fail(ErrorKind::invalid, "reading {}: it is larger than {} bytes", path.string(), limit);
}

Result<std::string> read_tail(const Path& path, std::size_t bytes)
{
    const auto fd = TRY(open_for_reading(path));
    const auto size = ::lseek(fd.get(), 0, SEEK_END);
    if (size < 0) return std::unexpected(os_error("reading", path));
    const auto start = std::max<off_t>(0, size - static_cast<off_t>(bytes));
    if (::lseek(fd.get(), start, SEEK_SET) < 0) return std::unexpected(os_error("reading", path));
    return read_up_to(fd.get(), static_cast<std::size_t>(size - start), path);
}

Result<void> write_file(const Path& path, std::string_view content, unsigned mode)
{
    TRY(replace_file(path, content, mode, Flush::yes));
    return sync_directory(directory_of(path));
}

Result<void> write_quickly(const Path& path, std::string_view content, unsigned mode)
{
    return replace_file(path, content, mode, Flush::no);
}

Result<void> remove_unfinished_writes(const Path& path)
{
    std::error_code error;
    std::filesystem::directory_iterator at(directory_of(path), error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        if (!is_temporary_of(path, at->path().filename().string())) continue;
        if (::unlink(at->path().c_str()) != 0) return std::unexpected(os_error("removing", at->path()));
    }
    if (!error || error == std::errc::no_such_file_or_directory) return {};
    errno = error.value();
    return std::unexpected(os_error("listing", directory_of(path)));
}

Result<void> ensure_directory(const Path& path, unsigned mode)
{
    Path made;
    for (const auto& part : path) {
        made /= part;
        if (!part.empty() && part != "/") TRY(make_directory(made, mode));
    }
    if (::chmod(path.c_str(), mode) != 0) return std::unexpected(os_error("setting the mode of", path));
    return {};
}

}  // namespace ramet
