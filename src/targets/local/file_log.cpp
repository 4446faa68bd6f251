#include "targets/local/file_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace ramet::targets::local {

namespace {

// Enough for the last lines of any sensible log; a longer tail is cut. Far below what may wait in a stream (1 MiB).
constexpr std::int64_t tail_bytes = 256 << 10;

struct FileState {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    bool is_same_file(const FileState& other) const { return device == other.device && inode == other.inode; }
};

std::optional<FileState> state_of(const Fd& file)
{
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) return std::nullopt;
    return FileState{status.st_dev, status.st_ino, status.st_size};
}

std::optional<FileState> state_of(const std::string& file)
{
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) return std::nullopt;
    return FileState{status.st_dev, status.st_ino, status.st_size};
}

Fd open_log(const std::string& file)
{
    return Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
}

std::string read_at(const Fd& file, std::int64_t offset, std::size_t size)
{
    std::string text(size, '\0');
    const auto count = ::pread(file.get(), text.data(), text.size(), offset);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

// Byte for byte, unlike `last_lines`: a begun last line counts as one and stays begun.
std::string_view cut_to_last(std::string_view text, std::size_t lines)
{
    if (lines == 0) return {};
    auto at = text.size() - (text.ends_with('\n') ? 1 : 0);
    for (; lines > 0; --lines) {
        const auto end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
        if (end == std::string_view::npos) return text;
        at = end;
    }
    return text.substr(at + 1);
}

}  // namespace

FileLog::FileLog(const std::vector<std::string>& files, const LogRequest& request)
    : is_followed_(request.follow == LogRequest::Follow::yes)
{
    std::string text;
    for (std::size_t i = 0; i + 1 < files.size(); ++i)
        if (auto old = read_tail(files[i], static_cast<std::size_t>(tail_bytes))) text += *old;
    if (!files.empty()) {
        file_ = files.back();
        open_file_ = open_log(file_);
        // Up to where it ends now: what is written from here on is what is followed.
        if (const auto state = state_of(open_file_)) {
            const auto from = std::max<std::int64_t>(0, state->size - tail_bytes);
            text += read_at(open_file_, from, static_cast<std::size_t>(state->size - from));
            offset_ = state->size;
        }
    }
    tail_ = cut_to_last(text, request.tail_lines);
}

std::optional<std::string> FileLog::read(std::size_t limit)
{
    if (tail_) return *std::exchange(tail_, std::nullopt);
    if (!is_followed_) return std::nullopt;
    if (file_.empty()) return std::string();
    auto text = read_new(limit);
    if (text.empty() && follow_rotation()) text = read_new(limit);
    return text;
}

std::string FileLog::read_new(std::size_t limit)
{
    if (!open_file_) return {};
    auto text = read_at(open_file_, offset_, limit);
    offset_ += static_cast<std::int64_t>(text.size());
    return text;
}

/// Of a file whose end was reached: whether there is another one in its place, or it begins anew.
bool FileLog::follow_rotation()
{
    const auto opened = state_of(open_file_);
    const auto present = state_of(file_);
    if (!present) return false;  // Between two files.
    if (opened && opened->is_same_file(*present)) {
        if (present->size >= offset_) return false;
        offset_ = 0;  // Truncated.
        return true;
    }
    // What was written to the old file until now has been read, unless it came in between.
    if (opened && offset_ < opened->size) return true;
    open_file_ = open_log(file_);
    offset_ = 0;
    return true;
}

}  // namespace ramet::targets::local
