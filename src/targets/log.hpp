#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ramet::targets {

struct LogRequest {
    enum class Follow : bool { no, yes };
    std::size_t tail_lines = 100;  ///< of what is there already
    Follow follow = Follow::no;
};

/// One open log of a service, a job, a build or a database. Not for several threads.
class Log {
public:
    virtual ~Log() = default;

    /// First the last lines that were asked for, then what is written from then on: some `limit` bytes at once, byte for byte. Empty while
    /// there is nothing new; nothing when there will be no more, which is never where it is followed. Does not wait.
    virtual std::optional<std::string> read(std::size_t limit) = 0;
};

}  // namespace ramet::targets
