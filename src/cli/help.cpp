#include "base/text.hpp"
#include "cli/command.hpp"

#include <algorithm>

namespace ramet::cli {

namespace {

constexpr std::size_t margin = 2;
constexpr std::size_t widest_name = 28;

struct Line {
    std::string name;
    std::string help;
};

/// Two columns; a name that is too wide has its help on the next line.
std::string columns(const std::vector<Line>& lines)
{
    std::size_t width = 0;
    for (const auto& line : lines)
        if (line.name.size() <= widest_name) width = std::max(width, line.name.size());
    std::string text;
    for (const auto& [name, help] : lines) {
        text += std::string(margin, ' ') + name;
        if (name.size() > width)
            text += "\n" + std::string(margin + width, ' ');
        else
            text += std::string(width - name.size(), ' ');
        text += "  " + help + "\n";
    }
    return text;
}

std::string option_words(const OptionSpec& option)
{
    const auto short_part = option.short_name.empty() ? std::string() : option.short_name + ", ";
    return short_part + option.name + (option.value.empty() ? "" : " " + option.value);
}

std::vector<Line> lines_of(const std::vector<OptionSpec>& options)
{
    std::vector<Line> lines;
    for (const auto& option : options) lines.push_back({option_words(option), option.help});
    return lines;
}

std::string first_word(const CommandSpec& command)
{
    return command.path.substr(0, command.path.find(' '));
}

std::string second_word(const CommandSpec& command)
{
    const auto space = command.path.find(' ');
    return space == std::string::npos ? std::string() : command.path.substr(space + 1);
}

/// One line per first word: its summary, or the words that can follow it.
std::vector<Line> overview(const Commands& commands)
{
    std::vector<Line> lines;
    for (const auto& command : commands) {
        const auto first = first_word(command);
        const auto second = second_word(command);
        const auto known = std::ranges::find(lines, first, &Line::name);
        if (known == lines.end())
            lines.push_back({first, second.empty() ? command.summary : second});
        else
            known->help += (second.empty() ? "" : ", " + second);
    }
    return lines;
}

}  // namespace

std::string usage_of(const CommandSpec& command)
{
    using Count = PositionalSpec::Count;
    auto usage = "ramet " + command.path;
    // Behind the words of another program there is no place for options.
    const bool passes_on = command.passes_words_on();
    if (passes_on) usage += " [options]";
    for (const auto& positional : command.positionals) {
        if (positional.count == Count::one)
            usage += " " + positional.name;
        else if (positional.count == Count::rest)
            usage += " [--] " + positional.name + "…";
        else
            usage += " [" + positional.name + (positional.count == Count::any ? "…]" : "]");
    }
    if (!passes_on) usage += " [options]";
    if (!command.standard_input.empty()) usage += " < FILE";
    return usage;
}

std::string help_of(const CommandSpec& command)
{
    auto text = "ramet " + command.path + ": " + command.summary + "\n\nusage: " + usage_of(command) + "\n";
    if (!command.standard_input.empty())
        text += "\nReads " + command.standard_input + " from standard input, or asks for it on a terminal.\n";
    std::vector<Line> positionals;
    for (const auto& positional : command.positionals) positionals.push_back({positional.name, positional.help});
    if (!positionals.empty()) text += "\n" + columns(positionals);
    if (!command.options.empty()) text += "\noptions:\n" + columns(lines_of(command.options));
    text += "\ncommon options:\n" + columns(lines_of(common_options()));
    if (!command.example.empty()) {
        text += "\nexample:\n";
        for (const auto& line : split(command.example, '\n')) text += "  " + line + "\n";
    }
    return text;
}

std::string help_of_group(const Commands& commands, std::string_view group)
{
    if (group.empty())
        return "Ramet gives every pull request its own copy of a whole environment.\n\nusage: ramet COMMAND "
               "[options]\n\n" +
               columns(overview(commands)) +
               "\nramet COMMAND --help says more. The server is that of RAMET_URL and RAMET_TOKEN, else of the last "
               "`ramet login`.\n";
    std::vector<Line> lines;
    for (const auto& command : commands) {
        if (first_word(command) != group) continue;
        auto words = usage_of(command).substr(std::string_view("ramet ").size());
        lines.push_back({words.substr(0, words.find(" [options]")), command.summary});
    }
    return fmt::format("usage: ramet {} … [options]\n\n", group) + columns(lines);
}

}  // namespace ramet::cli
