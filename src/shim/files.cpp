#include "shim/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ramet::shim {

Fd& Fd::operator=(Fd&& other) noexcept
{
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

int Fd::release()
{
    const int fd = fd_;
    fd_ = -1;
    return fd;
}

void Fd::reset()
{
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

bool is_starved()
{
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

std::optional<std::string> look_into(const std::string& path)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && is_starved()) return std::nullopt;
    std::string text;
    char buffer[4096];
    while (fd) {
        const auto count = ::read(fd.get(), buffer, sizeof buffer);
        if (count <= 0) break;
        text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
}

std::string read_text(const std::string& path)
{
    return look_into(path).value_or("");
}

bool write_text(const std::string& path, std::string_view text, int flags)
{
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0600));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool make_folders(const std::string& path)
{
    for (std::size_t at = 1; at <= path.size(); ++at) {
        if (at != path.size() && path[at] != '/') continue;
        if (::mkdir(path.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST && errno != EROFS) return false;
    }
    return true;
}

std::string error_text(std::string_view what, int number)
{
    return std::string(what) + ": " + ::strerror(number);
}

}  // namespace ramet::shim
