#include "api/log_feed.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ramet::api {

namespace {

constexpr std::size_t read_size = 64U << 10U;
// Enough for the last lines of any sensible log; a longer tail is cut.
constexpr std::size_t tail_bytes = 1U << 20U;

std::uint64_t inode_of(const std::string& file)
{
    struct stat status{};
    return ::stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
}

std::string last_of(const app::LogSource& source, std::size_t lines)
{
    std::string text;
    for (const auto& file : source.files)
        if (auto tail = read_tail(file, tail_bytes)) text += *tail;
    return lines == 0 ? std::string() : last_lines(text, lines);
}

}  // namespace

LogFeed::LogFeed(app::App& app, const std::vector<app::LogSource>& sources, std::size_t tail_lines, Follow follow,
                 net::StreamWriter writer)
    : app_(app), follow_(follow), writer_(std::move(writer))
{
    for (const auto& source : sources) send_tail(source, tail_lines, sources.size() > 1 ? source.name + " | " : std::string());
}

void LogFeed::send_tail(const app::LogSource& source, std::size_t tail_lines, const std::string& label)
{
    Tail tail{.label = label, .redact = app::make_log_redactor(app_)};
    if (!source.files.empty()) {
        tail.file = source.files.back();
        tail.inode = inode_of(tail.file);
        struct stat status{};
        if (::stat(tail.file.c_str(), &status) == 0) tail.offset = status.st_size;
    }
    const auto text = last_of(source, tail_lines);
    is_open_ = is_open_ && send_lines(tail, text.empty() || text.ends_with('\n') ? text : text + "\n");
    tails_.push_back(std::move(tail));
}

Feed::State LogFeed::pump()
{
    for (auto& tail : tails_) is_open_ = is_open_ && (follow_ == Follow::no || send_new(tail));
    if (is_open_ && follow_ == Follow::yes) return State::open;
    for (auto& tail : tails_) {
        const auto rest = tail.redact({});
        if (is_open_ && !rest.empty()) is_open_ = writer_.write(tail.label + rest);
    }
    writer_.close();
    return State::over;
}

bool LogFeed::send_new(Tail& tail)
{
    if (tail.file.empty()) return true;
    const auto inode = inode_of(tail.file);
    if (inode != 0 && inode != tail.inode) {  // Rotated: what is there now is a new file.
        tail.inode = inode;
        tail.offset = 0;
    }
    const Fd file(::open(tail.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return true;
    std::string buffer(read_size, '\0');
    const auto count = ::pread(file.get(), buffer.data(), buffer.size(), tail.offset);
    if (count <= 0) return true;
    tail.offset += count;
    buffer.resize(static_cast<std::size_t>(count));
    return send_lines(tail, buffer);
}

bool LogFeed::send_lines(Tail& tail, std::string_view text)
{
    tail.partial += tail.redact(text);
    const auto end = tail.partial.rfind('\n');
    if (end == std::string::npos) return true;
    std::string out;
    for (const auto& line : split(std::string_view(tail.partial).substr(0, end), '\n')) out += tail.label + line + "\n";
    tail.partial.erase(0, end + 1);
    return writer_.write(out);
}

}  // namespace ramet::api
