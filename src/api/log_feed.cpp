#include "api/log_feed.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ramet::api {

namespace {

constexpr std::size_t read_size = 64U << 10U;
// Of one log at one beat: a log that is written faster than it is sent must not keep the other streams waiting.
constexpr std::size_t beat_bytes = 256U << 10U;
// Enough for the last lines of any sensible log; a longer tail is cut. Far below what may wait in a stream (1 MiB).
constexpr std::int64_t tail_bytes = 256 << 10;
// Revocation closes streams within 5 seconds.
constexpr auto check_every = std::chrono::seconds(3);

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

// Byte for byte: a begun last line counts as one and stays begun.
std::string_view cut_to_last(std::string_view text, std::size_t lines)
{
    auto at = text.size() - (text.ends_with('\n') ? 1 : 0);
    for (; lines > 0; --lines) {
        const auto end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
        if (end == std::string_view::npos) return text;
        at = end;
    }
    return text.substr(at + 1);
}

}  // namespace

LogFeed::LogFeed(Options options, net::StreamWriter writer) : options_(std::move(options)), writer_(std::move(writer))
{
    for (const auto& source : options_.sources) send_tail(source);
}

void LogFeed::send_tail(const app::LogSource& source)
{
    Tail tail{.label = options_.sources.size() > 1 ? source.name + " | " : std::string(),
              .redact = options_.make_redactor()};
    std::string text;
    for (std::size_t i = 0; i + 1 < source.files.size(); ++i)
        if (auto old = read_tail(source.files[i], static_cast<std::size_t>(tail_bytes))) text += *old;
    if (!source.files.empty()) {
        tail.file = source.files.back();
        tail.open_file = open_log(tail.file);
        // Up to where it ends now: what is written from here on is what is followed.
        if (const auto state = state_of(tail.open_file)) {
            const auto from = std::max<std::int64_t>(0, state->size - tail_bytes);
            text += read_at(tail.open_file, from, static_cast<std::size_t>(state->size - from));
            tail.offset = state->size;
        }
    }
    if (options_.tail_lines > 0) is_open_ = is_open_ && send_lines(tail, cut_to_last(text, options_.tail_lines));
    tails_.push_back(std::move(tail));
}

Feed::State LogFeed::pump()
{
    if (options_.follow == Follow::yes && is_open_) {
        for (auto& tail : tails_) is_open_ = is_open_ && send_new(tail);
        if (is_open_ && is_still_allowed()) return State::open;
    }
    end();
    return State::over;
}

bool LogFeed::is_still_allowed()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - last_checked_ < check_every) return true;
    last_checked_ = now;
    return !options_.may_read || options_.may_read();
}

bool LogFeed::send_new(Tail& tail)
{
    if (tail.file.empty()) return true;
    if (!send_rest_of(tail)) return false;
    const auto opened = state_of(tail.open_file);
    const auto present = state_of(tail.file);
    if (!present) return true;  // Between two files.
    if (opened && opened->is_same_file(*present)) {
        if (present->size < tail.offset) tail.offset = 0;  // Truncated.
        return true;
    }
    // Rotated: what was written to the old file until now has been sent above.
    if (opened && tail.offset < opened->size) return true;
    tail.open_file = open_log(tail.file);
    tail.offset = 0;
    return send_rest_of(tail);
}

bool LogFeed::send_rest_of(Tail& tail)
{
    if (!tail.open_file) return true;
    for (std::size_t sent = 0; sent < beat_bytes;) {
        const auto text = read_at(tail.open_file, tail.offset, read_size);
        if (text.empty()) return true;
        tail.offset += static_cast<std::int64_t>(text.size());
        sent += text.size();
        if (!send_lines(tail, text)) return false;
    }
    return true;
}

bool LogFeed::send_lines(Tail& tail, std::string_view text)
{
    // Nothing would mean the end to the redactor.
    if (text.empty()) return true;
    tail.partial += tail.redact(text);
    return send_whole_lines(tail);
}

bool LogFeed::send_whole_lines(Tail& tail)
{
    const auto end = tail.partial.rfind('\n');
    if (end == std::string::npos) return true;
    std::string out;
    for (const auto& line : split(std::string_view(tail.partial).substr(0, end), '\n')) out += tail.label + line + "\n";
    tail.partial.erase(0, end + 1);
    return writer_.write(out);
}

void LogFeed::end()
{
    for (auto& tail : tails_) {
        tail.partial += tail.redact({});
        if (!tail.partial.empty() && !tail.partial.ends_with('\n')) tail.partial += '\n';
        is_open_ = is_open_ && send_whole_lines(tail);
    }
    writer_.close();
}

}  // namespace ramet::api
