#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::failpoints {

/// What a test wants to happen, a line each. Empty lines count as none; a line that is not understood ends the process, so that
/// no test passes because its orders were misspelt.
///
///     log FILE                   each place that is passed is appended to FILE
///     operations FILE            each call of the operating system that is made is appended to FILE
///     root DIRECTORY             paths are told from here
///     kill PLACE                 the process ends there by SIGKILL: "before apply service/web #1"
///     lose PLACE                 what the driver answered there is lost: "after apply service/web #1"
///     fired FILE                 each call that failed by these orders is appended to FILE
///     fail ERRNO WHICH NAME      the call fails; WHICH is the how manieth of that name, or "always"
///     clock SECONDS              the wall clock runs that much ahead
struct Orders {
    struct Fault {
        int error = 0;
        int which = 0;     ///< 0: always
        std::string name;  ///< a pattern of fnmatch(3)
    };

    std::string log{};
    std::string operations{};
    std::string fired{};
    std::string root{};
    std::string kill{};
    std::string lose{};
    std::vector<Fault> faults{};
    std::chrono::seconds clock{0};

    /// Whether anybody cares for calls of that name, as "write": what they are about costs time to find out.
    bool concern(std::string_view call) const;
};

/// Nothing when a line is not understood.
std::optional<Orders> parse_orders(std::string_view text);

/// "write() state/ramet.db-wal": what is called on what. A path is told from `root`, without what is derived or random in it.
std::string name_call(std::string_view call, std::string_view path, std::string_view root);

/// The number of "ENOSPC"; 0 for a word that is none of those that tests use.
int parse_errno(std::string_view word);

}  // namespace ramet::failpoints
