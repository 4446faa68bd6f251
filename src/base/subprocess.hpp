#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ramet {

/// A program to run to its end. No shell: `arguments[0]` is looked up in PATH unless it holds a slash.
struct Command {
    std::vector<std::string> arguments;
    /// The whole environment of the child; nothing is inherited but PATH when it is not given.
    std::map<std::string, std::string> environment{};
    Path working_directory{};
    std::string standard_input{};
    std::chrono::milliseconds timeout{60'000};
    /// Output beyond this many bytes is dropped from the front; the tail is kept.
    std::size_t output_limit = 1U << 20U;
    std::stop_token stop{};
};

struct CommandOutput {
    /// The exit code, or 128 + signal.
    int exit_code = 0;
    std::string standard_output;
    std::string standard_error;
};

/// Runs in a process group of its own with no inherited descriptors but 0–2; kills the group on time-out or stop, and at the
/// end what the program left running in it (a daemon that made a session of its own lives on).
/// Errors: not_found (no such program or working directory), forbidden, invalid, timeout, cancelled. A non-zero exit is a
/// value, not an error.
Result<CommandOutput> run_command(const Command& command);

/// The same, and a non-zero exit is `unavailable` with the last lines of standard error as evidence.
Result<std::string> run_checked(const Command& command);

}  // namespace ramet
