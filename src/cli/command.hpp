#pragma once

#include "base/result.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::cli {

class Session;

/// What the user gave to one command.
class Arguments {
public:
    std::map<std::string, std::vector<std::string>, std::less<>> values{};

    bool has(std::string_view name) const { return values.contains(name); }
    /// The last value of an option or the value of a positional; empty when not given.
    std::string get(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
    /// A whole number ≥ 0, or the fallback when it is not given; `invalid` when it is something else.
    Result<std::int64_t> number(std::string_view name, std::int64_t fallback = 0) const;
};

struct OptionSpec {
    std::string name;     ///< "--env"
    std::string value{};  ///< what stands for its value in the help ("ENV"); empty: a flag
    std::string help{};
    std::string short_name{};  ///< "-f"
};

struct PositionalSpec {
    std::string name;  ///< "NAME"
    std::string help{};
    /// `rest`, the last one: all that follows is taken as it is, with its options; one word at least.
    enum class Count : unsigned char { one, optional, any, rest } count = Count::one;
};

/// One command as data: parsing, help and completion come from the same table.
struct CommandSpec {
    std::string path;  ///< "preview create"
    std::string summary;
    std::vector<PositionalSpec> positionals{};
    std::vector<OptionSpec> options{};
    /// The exit code, 0 when all is well.
    std::function<Result<int>(Session&, const Arguments&)> run{};
    /// What comes from standard input and never from the arguments, where everybody on the machine could read it ("the value").
    /// Words that are too many are not repeated in the error.
    std::string standard_input{};
    std::string example{};  ///< command lines for the help

    /// Its last words are another program's, with their options.
    bool passes_words_on() const
    {
        return !positionals.empty() && positionals.back().count == PositionalSpec::Count::rest;
    }
};

using Commands = std::vector<CommandSpec>;

// One table per area.
Commands start_commands();
Commands environment_commands();
Commands snapshot_commands();
Commands preview_commands();
Commands value_commands();
Commands project_commands();
Commands run_commands();
Commands maintenance_commands();
Commands access_commands();
Commands attach_commands();
/// All of them.
Commands server_commands();

/// Of each command that starts a run.
const OptionSpec& no_wait_option();

/// Options that every command takes: -o, --quiet, --yes, --no-input, --project.
const std::vector<OptionSpec>& common_options();

/// What to do for one command line: a command with its arguments, or a text (help) to print.
struct Parsed {
    const CommandSpec* command = nullptr;
    Arguments arguments{};
    std::string text{};
};
/// `--name VALUE` and `--name=VALUE` alike, in any order with positionals; `--` ends the options. Errors are `invalid` with the
/// usage as evidence and "did you mean" as the next step.
Result<Parsed> parse_command_line(const Commands& commands, const std::vector<std::string>& words);

/// "ramet preview show NAME [options]".
std::string usage_of(const CommandSpec& command);
std::string help_of(const CommandSpec& command);
/// All commands, or those that begin with `group`.
std::string help_of_group(const Commands& commands, std::string_view group);

/// The script for bash, made from the table.
std::string completion_script(const Commands& commands);

/// Runs one command line; `extra` are the commands that need no server (up, config, storage). Prints errors; returns the exit code.
int run_command_line(const std::vector<std::string>& words, Commands extra);

}  // namespace ramet::cli
