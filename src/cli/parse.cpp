#include "base/text.hpp"
#include "cli/command.hpp"

#include <algorithm>
#include <cctype>

namespace ramet::cli {

namespace {

std::string first_words(const std::vector<std::string>& words, std::size_t count)
{
    return join(std::span(words).first(count), " ");
}

const OptionSpec* find_option(const std::vector<OptionSpec>& options, std::string_view name)
{
    const auto found = std::ranges::find_if(
        options, [&](const auto& option) { return option.name == name || option.short_name == name; });
    return found == options.end() ? nullptr : &*found;
}

const OptionSpec* find_option(const CommandSpec* command, std::string_view name)
{
    if (command != nullptr)
        if (const auto* own = find_option(command->options, name)) return own;
    return find_option(common_options(), name);
}

bool is_number(std::string_view word)
{
    return word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) != 0;
}

bool is_option(std::string_view word)
{
    return word.size() > 1 && word.starts_with('-') && !is_number(word);
}

bool asks_for_help(std::string_view word)
{
    return word == "--help" || word == "-h";
}

bool passes_words_on(const CommandSpec* command)
{
    return command != nullptr && command->passes_words_on();
}

Error usage_error(const CommandSpec* command, std::string message)
{
    Error error{ErrorKind::invalid, std::move(message)};
    if (command != nullptr) {
        error.evidence = "usage: " + usage_of(*command);
        error.next_step = "ramet " + command->path + " --help";
    }
    return error;
}

std::string suggest_option(const CommandSpec* command, const std::string& name)
{
    std::vector<std::string> names{"--help"};
    if (command != nullptr)
        for (const auto& option : command->options) names.push_back(option.name);
    for (const auto& option : common_options()) names.push_back(option.name);
    return did_you_mean(name, names);
}

/// Splits off "=VALUE" of a long option and what is glued to a short one ("-ojson").
struct OptionWord {
    std::string name;
    std::optional<std::string> value{};
};

OptionWord split_option(const std::string& word)
{
    if (word.starts_with("--")) {
        const auto equals = word.find('=');
        if (equals == std::string::npos) return {word, std::nullopt};
        return {word.substr(0, equals), word.substr(equals + 1)};
    }
    if (word.size() == 2) return {word, std::nullopt};
    return {word.substr(0, 2), word.substr(2)};
}

/// Reads the words behind the command's path.
class Reader {
public:
    Reader(const CommandSpec* command, std::span<const std::string> words) : command_(command), words_(words) {}

    /// Options only, up to the first word that is none: what stands before the command.
    Result<std::size_t> read_leading_options(Arguments& arguments)
    {
        while (at_ < words_.size() && is_option(words_[at_]) && words_[at_] != "--") TRY(read_option(arguments));
        return at_;
    }

    Result<void> read_all(Arguments& arguments)
    {
        bool options_ended = false;
        while (at_ < words_.size()) {
            if (!options_ended && words_[at_] == "--") {
                options_ended = true;
                ++at_;
            } else if (!options_ended && is_rest_reached()) {
                // Another program's words, in which even `--help` is not ours.
                options_ended = true;
            } else if (!options_ended && asks_for_help(words_[at_])) {
                asked_for_help_ = true;
                return {};
            } else if (!options_ended && is_option(words_[at_])) {
                TRY(read_option(arguments));
            } else {
                positionals_.push_back(words_[at_++]);
            }
        }
        return assign_positionals(arguments);
    }

    /// Only told by commands that take the rest as it is: else help is looked for everywhere, before anything is read.
    bool asked_for_help() const { return asked_for_help_; }

private:
    bool is_rest_reached() const
    {
        return passes_words_on(command_) && positionals_.size() + 1 >= command_->positionals.size() &&
               !is_option(words_[at_]);
    }

    Result<void> read_option(Arguments& arguments)
    {
        auto [name, value] = split_option(words_[at_++]);
        const auto* option = find_option(command_, name);
        if (option == nullptr) return unknown_option(name);
        auto& values = arguments.values[option->name];
        if (option->value.empty()) {
            if (value) return std::unexpected(usage_error(command_, name + " takes no value"));
            return {};
        }
        if (!value) {
            // An option that is known is no value: the value was forgotten.
            const bool is_missing = at_ >= words_.size() || words_[at_] == "--" || is_known_option(words_[at_]);
            if (is_missing)
                return std::unexpected(
                    usage_error(command_, fmt::format("{} needs a value: {} {}", name, name, option->value)));
            value = words_[at_++];
        }
        values.push_back(std::move(*value));
        return {};
    }

    bool is_known_option(const std::string& word) const
    {
        return is_option(word) && find_option(command_, split_option(word).name) != nullptr;
    }

    // Only the name: what stands behind "=" may be a secret.
    Result<void> unknown_option(const std::string& name) const
    {
        auto error = usage_error(command_, "there is no option " + name);
        const auto near = suggest_option(command_, name);
        if (!near.empty())
            error.next_step = "did you mean " + near + "? A value that begins with a dash goes behind --";
        return std::unexpected(std::move(error));
    }

    Result<void> assign_positionals(Arguments& arguments)
    {
        using Count = PositionalSpec::Count;
        std::size_t next = 0;
        for (const auto& positional : command_->positionals) {
            const bool is_needed = positional.count == Count::one || positional.count == Count::rest;
            if (is_needed && next >= positionals_.size())
                return std::unexpected(
                    usage_error(command_, fmt::format("{} is missing: {}", positional.name, positional.help)));
            const bool takes_all = positional.count == Count::any || positional.count == Count::rest;
            const auto count =
                takes_all ? positionals_.size() - next : std::min<std::size_t>(1, positionals_.size() - next);
            if (count == 0) continue;
            auto& values = arguments.values[positional.name];
            values.assign(positionals_.begin() + static_cast<std::ptrdiff_t>(next),
                          positionals_.begin() + static_cast<std::ptrdiff_t>(next + count));
            next += count;
        }
        if (next < positionals_.size()) return too_many(positionals_[next]);
        return {};
    }

    Result<void> too_many(const std::string& word) const
    {
        if (command_->standard_input.empty())
            return std::unexpected(usage_error(command_, fmt::format("\"{}\" is one word too many", word)));
        auto error = usage_error(
            command_,
            fmt::format(
                "{} comes from standard input, never from the arguments: everybody on this machine could read it",
                command_->standard_input));
        error.next_step = fmt::format("ramet {} … < FILE    (what was typed is now in the shell's history: change it)",
                                      command_->path);
        return std::unexpected(std::move(error));
    }

    const CommandSpec* command_;
    std::span<const std::string> words_;
    std::size_t at_ = 0;
    bool asked_for_help_ = false;
    std::vector<std::string> positionals_;
};

/// The command whose path is the longest beginning of the words: "audit" and "audit verify" are both commands.
const CommandSpec* find_command(const Commands& commands, const std::vector<std::string>& words)
{
    const CommandSpec* best = nullptr;
    for (const auto& command : commands) {
        const auto path = split(command.path, ' ');
        const bool matches = words.size() >= path.size() && std::equal(path.begin(), path.end(), words.begin());
        if (matches && (best == nullptr || command.path.size() > best->path.size())) best = &command;
    }
    return best;
}

bool is_group(const Commands& commands, std::string_view word)
{
    return std::ranges::any_of(commands,
                               [&](const auto& command) { return command.path.starts_with(std::string(word) + " "); });
}

Error unknown_command(const Commands& commands, const std::vector<std::string>& words)
{
    std::vector<std::string> typed;
    for (const auto& word : words) {
        if (is_option(word) || typed.size() == 2) break;
        typed.push_back(word);
    }
    if (typed.size() == 1 && is_group(commands, typed[0]))
        return Error{
            ErrorKind::invalid, "ramet " + typed[0] + " needs one more word", help_of_group(commands, typed[0]), {}};
    Error error{ErrorKind::invalid, "there is no command " + join(typed, " "), {}, "ramet --help"};
    if (!typed.empty() && is_group(commands, typed[0])) error.next_step = "ramet " + typed[0] + " --help";
    std::vector<std::string> paths;
    for (const auto& command : commands) paths.push_back(command.path);
    for (auto length = typed.size(); length > 0; --length) {
        const auto near = did_you_mean(first_words(typed, length), paths);
        if (near.empty()) continue;
        error.next_step = "did you mean: ramet " + near;
        break;
    }
    return error;
}

bool asks_for_help(const std::vector<std::string>& words)
{
    const auto end = std::ranges::find(words, "--");
    return std::any_of(words.begin(), end, [](const auto& word) { return asks_for_help(std::string_view(word)); });
}

Parsed help_for(const Commands& commands, const std::vector<std::string>& words)
{
    std::vector<std::string> names;
    for (const auto& word : words)
        if (!is_option(word)) names.push_back(word);
    const auto* command = find_command(commands, names);
    if (command != nullptr && command->path.find(' ') == std::string::npos && is_group(commands, command->path))
        return {.text = help_of(*command) + "\n" + help_of_group(commands, command->path)};
    if (command != nullptr) return {.text = help_of(*command)};
    if (!names.empty() && is_group(commands, names[0])) return {.text = help_of_group(commands, names[0])};
    return {.text = help_of_group(commands, {})};
}

}  // namespace

Result<Parsed> parse_command_line(const Commands& commands, const std::vector<std::string>& words)
{
    if (words.empty() || (asks_for_help(words) && !passes_words_on(find_command(commands, words))))
        return help_for(commands, words);
    if (words.front() == "help") return help_for(commands, {words.begin() + 1, words.end()});
    if (words.front() == "--version") return parse_command_line(commands, {"version"});
    Parsed parsed;
    Reader leading(nullptr, words);
    const auto skipped = TRY(leading.read_leading_options(parsed.arguments));
    const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(skipped), words.end());
    parsed.command = find_command(commands, rest);
    if (parsed.command == nullptr) return std::unexpected(unknown_command(commands, rest));
    const auto path_length = split(parsed.command->path, ' ').size();
    Reader reader(parsed.command, std::span(rest).subspan(path_length));
    TRY(reader.read_all(parsed.arguments));
    if (reader.asked_for_help()) return help_for(commands, split(parsed.command->path, ' '));
    return parsed;
}

}  // namespace ramet::cli
