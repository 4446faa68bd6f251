#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ramet::shim {

/// Owns one descriptor.
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

/// A small file (of /proc, mostly), or what could be read of it. Nothing when it could not be opened only because descriptors or
/// memory are used up: that says nothing about what is in it.
std::optional<std::string> look_into(const std::string& path);
/// The same, where nothing is what an empty file is.
std::string read_text(const std::string& path);
/// Whether the last call failed because descriptors or memory are used up, by errno.
bool is_starved();
/// One write(2), as control files want it; false when it failed.
bool write_text(const std::string& path, std::string_view text, int flags = 0);
/// Like `mkdir -p`, with mode 0755.
bool make_folders(const std::string& path);
std::string error_text(std::string_view what, int number);

}  // namespace ramet::shim
