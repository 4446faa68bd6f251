#include "shim/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>

namespace ramet::shim {
namespace {

constexpr std::size_t longest_line = 16U << 10U;
constexpr std::size_t tail_limit = 4U << 10U;

std::int64_t wall_ms()
{
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace

LogFile::LogFile(std::string path, std::uint64_t limit) : path_(std::move(path)), limit_(limit)
{
    open();
}

void LogFile::open()
{
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    struct stat status{};
    size_ = file_ && ::fstat(file_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void LogFile::write(std::string_view text)
{
    if (size_ > 0 && size_ + text.size() > limit_) {
        ::rename(path_.c_str(), (path_ + ".1").c_str());
        open();
    }
    // A full disk loses lines rather than stop the program that writes them.
    const auto written = ::write(file_.get(), text.data(), text.size());
    if (written > 0) size_ += static_cast<std::uint64_t>(written);
}

void LineStamper::feed(std::string_view bytes)
{
    stamp_ = time_stamp(wall_ms()) + " " + std::to_string(replica_) + " ";
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos) {
            unfinished_ += bytes;
            break;
        }
        put_line(bytes.substr(0, end));
        bytes.remove_prefix(end + 1);
    }
    if (unfinished_.size() > longest_line) put_line({});
    if (!batch_.empty()) file_.write(batch_);
    batch_ = {};
}

void LineStamper::put_line(std::string_view line)
{
    batch_ += stamp_;
    batch_ += unfinished_;
    batch_ += line;
    batch_ += '\n';
    if (keeps_tail_) {
        tail_ += unfinished_;
        tail_ += line;
        tail_ += '\n';
        if (tail_.size() > 2 * tail_limit) tail_.erase(0, tail_.size() - tail_limit);
    }
    unfinished_ = {};
}

void LineStamper::finish()
{
    if (!unfinished_.empty()) feed("\n");
}

void LineStamper::forget_tail()
{
    keeps_tail_ = false;
    tail_ = {};
}

std::string last_lines(std::string_view text, int lines)
{
    while (text.ends_with('\n')) text.remove_suffix(1);
    auto rest = text;
    while (lines-- > 0) {
        const auto end = rest.rfind('\n');
        if (end == std::string_view::npos) return std::string(text);
        rest = rest.substr(0, end);
    }
    return std::string(text.substr(rest.size() + 1));
}

std::string time_stamp(std::int64_t milliseconds_since_1970)
{
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(milliseconds_since_1970)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    char text[40];
    ::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
               static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
               static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
               static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text;
}

}  // namespace ramet::shim
