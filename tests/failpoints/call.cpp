#include "failpoints/call.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace ramet::failpoints {
namespace {

std::string read_link(const char* path)
{
    const Unwatched own;
    char target[4096];
    const auto size = ::readlink(path, target, sizeof target);
    return size < 0 ? std::string() : std::string(target, static_cast<std::size_t>(size));
}

}  // namespace

std::string path_of(int fd)
{
    const int before = errno;
    auto path = read_link(("/proc/self/fd/" + std::to_string(fd)).c_str());
    errno = before;
    return path;
}

std::string path_at(int directory, const char* path)
{
    if (*path == '/') return path;
    const auto folder = directory == AT_FDCWD ? read_link("/proc/self/cwd") : path_of(directory);
    return *path == '\0' ? folder : folder + "/" + path;
}

}  // namespace ramet::failpoints
