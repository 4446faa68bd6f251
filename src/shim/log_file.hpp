#pragma once

#include "shim/files.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::shim {

/// The program's output on disk. When it has grown to `limit` it becomes "….1" (replacing the older one) and a new one begins:
/// a program that floods its log never takes more than twice the limit.
class LogFile {
public:
    explicit LogFile(std::string path, std::uint64_t limit = 4U << 20U);
    void write(std::string_view text);

private:
    void open();
    std::string path_;
    std::uint64_t limit_;
    std::uint64_t size_ = 0;
    Fd file_;
};

/// Cuts a stream into lines and puts time and replica before each: "2026-11-23T10:00:00.000Z 0 text".
class LineStamper {
public:
    LineStamper(LogFile& file, int replica) : file_(file), replica_(replica) {}
    void feed(std::string_view bytes);
    /// The end of the stream: an unfinished line is written as it is.
    void finish();

    /// Keeps the last lines in memory too, for evidence, until `forget`.
    const std::string& tail() const { return tail_; }
    void forget_tail();

private:
    void put_line(std::string_view line);
    LogFile& file_;
    int replica_;
    std::string unfinished_;
    std::string batch_;
    std::string stamp_;
    std::string tail_;
    bool keeps_tail_ = true;
};

/// The last `lines` lines of `text`.
std::string last_lines(std::string_view text, int lines);
/// "2026-11-23T10:00:00.000Z"
std::string time_stamp(std::int64_t milliseconds_since_1970);

}  // namespace ramet::shim
