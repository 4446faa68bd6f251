#include "storage/directory_lock.hpp"

#include "base/file_lock.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace ramet::storage {
namespace {

/// How long a server that was alone tidies up before it lets the others in.
constexpr std::chrono::seconds longest_tidying{20};

Error held_by_another(const Path& directory, const Path& file)
{
    const auto written = read_file(file, 64);
    const auto holder = written ? std::string(trim(*written)) : std::string();
    Error error{ErrorKind::conflict, fmt::format("the data directory {} is in use by process {}", directory.string(),
                                                 holder.empty() ? "unknown" : holder)};
    error.next_step = "end that server, or give this one another --data-dir";
    return error;
}

/// Only for people and for the error above; the proof is the lock, not the number.
Result<void> write_process_id(int fd, const Path& file)
{
    const auto text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0)
        return std::unexpected(os_error("writing", file));
    return {};
}

}  // namespace

Result<DirectoryLock> DirectoryLock::acquire(const Path& directory)
{
    const auto file = directory / "lock";
    auto fd = TRY(try_lock_file(file));
    if (!fd) return std::unexpected(held_by_another(directory, file));
    TRY(write_process_id(fd->get(), file));
    return DirectoryLock(std::move(*fd), Company::alone);
}

Result<DirectoryLock> DirectoryLock::join(const Path& directory)
{
    const auto file = directory / "lock";
    Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return std::unexpected(os_error("opening", file));
    const auto deadline = std::chrono::steady_clock::now() + longest_tidying;
    do {
        for (const auto& [how, company] : {std::pair(LOCK_EX, Company::alone), std::pair(LOCK_SH, Company::shared)})
            if (::flock(fd.get(), how | LOCK_NB) == 0) return DirectoryLock(std::move(fd), company);
        if (errno != EWOULDBLOCK) return std::unexpected(os_error("locking", file));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (std::chrono::steady_clock::now() < deadline);
    return std::unexpected(held_by_another(directory, file));
}

Result<void> DirectoryLock::let_others_in()
{
    company_ = Company::shared;
    if (::flock(file_.get(), LOCK_SH) == 0) return {};
    return fail(ErrorKind::unavailable, "the lock of the data directory cannot be shared: {}", std::strerror(errno));
}

}  // namespace ramet::storage
