// The calls on files and directories, of the program and of the libraries that it uses: each has the name and the signature of the C
// library's function, which it hides. What names the kernel's call is the name that the call has in orders.
#include "failpoints/call.hpp"

#include <cstdarg>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

using namespace ramet::failpoints;

namespace {

/// The third argument of open(2), which is there only when something may be made.
template <typename Arguments>
mode_t mode_of(int flags, Arguments& arguments)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, unsigned)) : 0;
}

std::string_view name_open(int flags)
{
    return (flags & O_CREAT) != 0 ? "create" : "open";
}

using Open = int(const char*, int, ...);
using OpenAt = int(int, const char*, int, ...);

}  // namespace

extern "C" {

int open(const char* path, int flags, ...)
{
    static auto* const hidden = find_hidden<Open>("open");
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = mode_of(flags, arguments);
    va_end(arguments);
    return on_path(name_open(flags), AT_FDCWD, path, [&] { return hidden(path, flags, mode); });
}

int open64(const char* path, int flags, ...)
{
    static auto* const hidden = find_hidden<Open>("open64");
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = mode_of(flags, arguments);
    va_end(arguments);
    return on_path(name_open(flags), AT_FDCWD, path, [&] { return hidden(path, flags, mode); });
}

int openat(int directory, const char* path, int flags, ...)
{
    static auto* const hidden = find_hidden<OpenAt>("openat");
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = mode_of(flags, arguments);
    va_end(arguments);
    return on_path(name_open(flags), directory, path, [&] { return hidden(directory, path, flags, mode); });
}

// What _FORTIFY_SOURCE makes of a call whose flags are known and make nothing.
int __open_2(const char* path, int flags)
{
    return open(path, flags);
}
int __openat_2(int directory, const char* path, int flags)
{
    return openat(directory, path, flags);
}

ssize_t read(int fd, void* into, size_t size)
{
    static auto* const hidden = find_hidden<decltype(read)>("read");
    return on_file("read", fd, [&] { return hidden(fd, into, size); });
}
ssize_t __read_chk(int fd, void* into, size_t size, size_t)
{
    return read(fd, into, size);
}
ssize_t pread(int fd, void* into, size_t size, off_t at)
{
    static auto* const hidden = find_hidden<decltype(pread)>("pread");
    return on_file("read", fd, [&] { return hidden(fd, into, size, at); });
}
ssize_t pread64(int fd, void* into, size_t size, off64_t at)
{
    return pread(fd, into, size, at);
}
ssize_t __pread_chk(int fd, void* into, size_t size, off_t at, size_t)
{
    return pread(fd, into, size, at);
}

ssize_t write(int fd, const void* from, size_t size)
{
    static auto* const hidden = find_hidden<decltype(write)>("write");
    return on_file("write", fd, [&] { return hidden(fd, from, size); });
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at)
{
    static auto* const hidden = find_hidden<decltype(pwrite)>("pwrite");
    return on_file("write", fd, [&] { return hidden(fd, from, size, at); });
}
ssize_t pwrite64(int fd, const void* from, size_t size, off64_t at)
{
    return pwrite(fd, from, size, at);
}
ssize_t writev(int fd, const iovec* pieces, int count)
{
    static auto* const hidden = find_hidden<decltype(writev)>("writev");
    return on_file("write", fd, [&] { return hidden(fd, pieces, count); });
}
ssize_t copy_file_range(int from, off64_t* in, int to, off64_t* out, size_t size, unsigned flags)
{
    static auto* const hidden = find_hidden<decltype(copy_file_range)>("copy_file_range");
    return on_file("write", to, [&] { return hidden(from, in, to, out, size, flags); });
}

int fsync(int fd)
{
    static auto* const hidden = find_hidden<decltype(fsync)>("fsync");
    return on_file("fsync", fd, [&] { return hidden(fd); });
}
int fdatasync(int fd)
{
    static auto* const hidden = find_hidden<decltype(fdatasync)>("fdatasync");
    return on_file("fsync", fd, [&] { return hidden(fd); });
}

int ftruncate(int fd, off_t size) noexcept
{
    static auto* const hidden = find_hidden<decltype(ftruncate)>("ftruncate");
    return on_file("truncate", fd, [&] { return hidden(fd, size); });
}
int ftruncate64(int fd, off64_t size) noexcept
{
    return ftruncate(fd, size);
}

int rename(const char* from, const char* to) noexcept
{
    static auto* const hidden = find_hidden<decltype(rename)>("rename");
    return on_path("rename", AT_FDCWD, to, [&] { return hidden(from, to); });
}
int renameat2(int from_directory, const char* from, int directory, const char* to, unsigned flags) noexcept
{
    static auto* const hidden = find_hidden<decltype(renameat2)>("renameat2");
    return on_path("rename", directory, to, [&] { return hidden(from_directory, from, directory, to, flags); });
}

int unlink(const char* path) noexcept
{
    static auto* const hidden = find_hidden<decltype(unlink)>("unlink");
    return on_path("unlink", AT_FDCWD, path, [&] { return hidden(path); });
}
int unlinkat(int directory, const char* path, int flags) noexcept
{
    static auto* const hidden = find_hidden<decltype(unlinkat)>("unlinkat");
    return on_path((flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", directory, path,
                   [&] { return hidden(directory, path, flags); });
}
int rmdir(const char* path) noexcept
{
    static auto* const hidden = find_hidden<decltype(rmdir)>("rmdir");
    return on_path("rmdir", AT_FDCWD, path, [&] { return hidden(path); });
}

int mkdir(const char* path, mode_t mode) noexcept
{
    static auto* const hidden = find_hidden<decltype(mkdir)>("mkdir");
    return on_path("mkdir", AT_FDCWD, path, [&] { return hidden(path, mode); });
}
int mkdirat(int directory, const char* path, mode_t mode) noexcept
{
    static auto* const hidden = find_hidden<decltype(mkdirat)>("mkdirat");
    return on_path("mkdir", directory, path, [&] { return hidden(directory, path, mode); });
}

int chmod(const char* path, mode_t mode) noexcept
{
    static auto* const hidden = find_hidden<decltype(chmod)>("chmod");
    return on_path("chmod", AT_FDCWD, path, [&] { return hidden(path, mode); });
}
int fchmod(int fd, mode_t mode) noexcept
{
    static auto* const hidden = find_hidden<decltype(fchmod)>("fchmod");
    return on_file("chmod", fd, [&] { return hidden(fd, mode); });
}
int chown(const char* path, uid_t user, gid_t group) noexcept
{
    static auto* const hidden = find_hidden<decltype(chown)>("chown");
    return on_path("chown", AT_FDCWD, path, [&] { return hidden(path, user, group); });
}
int lchown(const char* path, uid_t user, gid_t group) noexcept
{
    static auto* const hidden = find_hidden<decltype(lchown)>("lchown");
    return on_path("chown", AT_FDCWD, path, [&] { return hidden(path, user, group); });
}
int fchown(int fd, uid_t user, gid_t group) noexcept
{
    static auto* const hidden = find_hidden<decltype(fchown)>("fchown");
    return on_file("chown", fd, [&] { return hidden(fd, user, group); });
}

int flock(int fd, int operation) noexcept
{
    static auto* const hidden = find_hidden<decltype(flock)>("flock");
    const auto real = [&] { return hidden(fd, operation); };
    return (operation & LOCK_UN) != 0 ? real() : on_file("lock", fd, real);  // As with fcntl(F_UNLCK).
}

DIR* opendir(const char* path)
{
    static auto* const hidden = find_hidden<decltype(opendir)>("opendir");
    return on_path("list", AT_FDCWD, path, [&] { return hidden(path); });
}
DIR* fdopendir(int fd)
{
    static auto* const hidden = find_hidden<decltype(fdopendir)>("fdopendir");
    return on_file("list", fd, [&] { return hidden(fd); });
}

int mount(const char* what, const char* at, const char* type, unsigned long flags, const void* data) noexcept
{
    static auto* const hidden = find_hidden<decltype(mount)>("mount");
    return on_path("mount", AT_FDCWD, at, [&] { return hidden(what, at, type, flags, data); });
}
int umount2(const char* at, int flags) noexcept
{
    static auto* const hidden = find_hidden<decltype(umount2)>("umount2");
    return on_path("umount", AT_FDCWD, at, [&] { return hidden(at, flags); });
}

}  // extern "C"
