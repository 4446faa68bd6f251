// The calls that ask about files, lock parts of them or work on them by number. See file_calls.cpp.
#include "failpoints/call.hpp"

#include <cstdarg>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ramet::failpoints;

namespace {

/// What is held is given back in any case: that needs nothing which could give out, and whoever was told that it failed could do
/// nothing about it. SQLite counts such a lock as taken until the process ends.
bool takes_lock(int command, const void* argument)
{
    return (command == F_SETLK || command == F_OFD_SETLK) &&
           static_cast<const struct flock*>(argument)->l_type != F_UNLCK;
}

}  // namespace

extern "C" {

int stat(const char* path, struct stat* status) noexcept
{
    static auto* const hidden = find_hidden<int(const char*, struct stat*)>("stat");
    return on_path("stat", AT_FDCWD, path, [&] { return hidden(path, status); });
}
int lstat(const char* path, struct stat* status) noexcept
{
    static auto* const hidden = find_hidden<int(const char*, struct stat*)>("lstat");
    return on_path("stat", AT_FDCWD, path, [&] { return hidden(path, status); });
}
int fstat(int fd, struct stat* status) noexcept
{
    static auto* const hidden = find_hidden<int(int, struct stat*)>("fstat");
    return on_file("stat", fd, [&] { return hidden(fd, status); });
}
int fstatat(int directory, const char* path, struct stat* status, int flags) noexcept
{
    static auto* const hidden = find_hidden<decltype(fstatat)>("fstatat");
    return on_path("stat", directory, path, [&] { return hidden(directory, path, status, flags); });
}
int stat64(const char* path, struct stat64* status) noexcept
{
    static auto* const hidden = find_hidden<int(const char*, struct stat64*)>("stat64");
    return on_path("stat", AT_FDCWD, path, [&] { return hidden(path, status); });
}
int lstat64(const char* path, struct stat64* status) noexcept
{
    static auto* const hidden = find_hidden<int(const char*, struct stat64*)>("lstat64");
    return on_path("stat", AT_FDCWD, path, [&] { return hidden(path, status); });
}
int fstat64(int fd, struct stat64* status) noexcept
{
    static auto* const hidden = find_hidden<int(int, struct stat64*)>("fstat64");
    return on_file("stat", fd, [&] { return hidden(fd, status); });
}
int statx(int directory, const char* path, int flags, unsigned mask, struct statx* status) noexcept
{
    static auto* const hidden = find_hidden<int(int, const char*, int, unsigned, struct statx*)>("statx");
    return on_path("stat", directory, path, [&] { return hidden(directory, path, flags, mask, status); });
}

int fcntl(int fd, int command, ...)
{
    static auto* const hidden = find_hidden<int(int, int, ...)>("fcntl");
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    const auto real = [&] { return hidden(fd, command, argument); };
    return takes_lock(command, argument) ? on_file("lock", fd, real) : real();
}
int fcntl64(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fcntl(fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...) noexcept
{
    static auto* const hidden = find_hidden<int(int, unsigned long, ...)>("ioctl");
    va_list arguments;
    va_start(arguments, request);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return on_file("ioctl", fd, [&] { return hidden(fd, request, argument); });
}

}  // extern "C"
