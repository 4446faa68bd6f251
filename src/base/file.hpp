#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ramet {

using Path = std::filesystem::path;

/// Owns one file descriptor; closes it.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release();
    void reset();

private:
    int fd_ = -1;
};

/// `errno` as an error: unavailable for a full disk, not_found, forbidden, conflict (in the way, busy), invalid, internal;
/// names the path.
Error os_error(std::string_view what, const Path& path);

/// Whether a file, a directory or a link of that name is there, wherever the link leads. What cannot be looked at is not absent: an
/// error.
Result<bool> look_for(const Path& path);
/// The whole file; more than `limit` bytes is `invalid`.
Result<std::string> read_file(const Path& path, std::size_t limit = 64U << 20U);
/// The last `bytes` bytes of a file that may be growing.
Result<std::string> read_tail(const Path& path, std::size_t bytes);
/// Replaces atomically and durably: a temporary file beside it, fsync, rename, fsync of the directory.
Result<void> write_file(const Path& path, std::string_view content, unsigned mode = 0600);
/// Replaces atomically; a loss of power may take it. For what can be made anew.
Result<void> write_quickly(const Path& path, std::string_view content, unsigned mode = 0600);
/// What a write of that path has left beside it where the process was killed; nobody may be writing it now.
Result<void> remove_unfinished_writes(const Path& path);
/// Creates the directory and its parents; an existing one is kept and given `mode`.
Result<void> ensure_directory(const Path& path, unsigned mode = 0700);
/// Removes a file or a whole tree without following symbolic links or crossing into another mount; absent is success.
/// A mount inside is `conflict`, names it, and nothing is removed. A tree that is still written to is `conflict` too: try again.
Result<void> remove_tree(const Path& path);

}  // namespace ramet
