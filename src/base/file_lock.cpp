#include "base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace ramet {
namespace {

Result<Fd> open_lock(const Path& path)
{
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return std::unexpected(os_error("opening", path));
    return file;
}

/// False when somebody else holds it.
Result<bool> try_lock(const Fd& file, const Path& path)
{
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK || errno == EINTR) return false;
    return std::unexpected(os_error("locking", path));
}

}  // namespace

Result<void> lock_within(const Fd& file, const Path& path, Milliseconds patience)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!TRY(try_lock(file, path))) {
        if (std::chrono::steady_clock::now() >= deadline)
            return fail(ErrorKind::unavailable, "locking {}: somebody has held it for {}", path.string(),
                        format_duration(patience));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
}

Result<Fd> lock_file(const Path& path, Milliseconds patience)
{
    auto file = TRY(open_lock(path));
    TRY(lock_within(file, path, patience));
    return file;
}

Result<std::optional<Fd>> try_lock_file(const Path& path)
{
    auto file = TRY(open_lock(path));
    if (!TRY(try_lock(file, path))) return std::nullopt;
    return file;
}

}  // namespace ramet
