#include "base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace ramet {

Result<void> lock_within(const Fd& file, const Path& path, Milliseconds patience)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return std::unexpected(os_error("locking", path));
        if (std::chrono::steady_clock::now() >= deadline)
            return fail(ErrorKind::unavailable, "locking {}: somebody has held it for {}", path.string(),
                        format_duration(patience));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
}

Result<Fd> lock_file(const Path& path, Milliseconds patience)
{
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return std::unexpected(os_error("opening", path));
    TRY(lock_within(file, path, patience));
    return file;
}

}  // namespace ramet
