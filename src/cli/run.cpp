#include "base/text.hpp"
#include "cli/session.hpp"

#include <charconv>
#include <iostream>

namespace ramet::cli {

namespace {

Commands all_commands(Commands extra)
{
    for (auto& command : server_commands()) extra.push_back(std::move(command));
    extra.push_back({"completion", "print the completion script for bash", {}, {}, {}});
    return extra;
}

int print_error(const Error& error)
{
    std::cerr << "error: " << (error.where.empty() ? "" : error.where + ": ") << error.message << "\n";
    if (!error.evidence.empty()) std::cerr << error.evidence << (error.evidence.ends_with('\n') ? "" : "\n");
    if (!error.next_step.empty()) std::cerr << "next: " << error.next_step << "\n";
    return exit_code(error.kind);
}

}  // namespace

std::string Arguments::get(std::string_view name) const
{
    const auto found = values.find(name);
    return found == values.end() || found->second.empty() ? std::string() : found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view name) const
{
    const auto found = values.find(name);
    return found == values.end() ? std::vector<std::string>() : found->second;
}

Result<std::int64_t> Arguments::number(std::string_view name, std::int64_t fallback) const
{
    if (!has(name)) return fallback;
    const auto text = get(name);
    std::int64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || rest != end || number < 0)
        return fail(ErrorKind::invalid, "{} takes a number, not \"{}\"", name, text);
    return number;
}

Commands server_commands()
{
    Commands all;
    for (auto table : {start_commands, project_commands, preview_commands, environment_commands, snapshot_commands,
                       value_commands, run_commands, maintenance_commands, access_commands, attach_commands})
        for (auto& command : table()) all.push_back(std::move(command));
    return all;
}

const OptionSpec& no_wait_option()
{
    static const OptionSpec option{"--no-wait", "", "print the run's id and do not wait for its end"};
    return option;
}

const std::vector<OptionSpec>& common_options()
{
    static const std::vector<OptionSpec> options{
        {"-o", "FORMAT", "table, wide, json, yaml or name"},
        {"--project", "PROJECT", "the project, where there are several"},
        {"--quiet", "", "no progress on standard error"},
        {"--yes", "", "answer yes to questions"},
        {"--no-input", "", "never ask"},
    };
    return options;
}

int run_command_line(const std::vector<std::string>& words, Commands extra)
{
    const auto commands = all_commands(std::move(extra));
    const auto parsed = parse_command_line(commands, words);
    if (!parsed) return print_error(parsed.error());
    if (parsed->command == nullptr) {
        std::cout << parsed->text;
        return 0;
    }
    if (const auto format = parse_format(parsed->arguments.get("-o")); !format) return print_error(format.error());
    if (parsed->command->path == "completion") {
        std::cout << completion_script(commands);
        return 0;
    }
    net::CurlClient http;
    Session session(http, parsed->arguments);
    const auto code = parsed->command->run(session, parsed->arguments);
    return code ? *code : print_error(code.error());
}

}  // namespace ramet::cli
