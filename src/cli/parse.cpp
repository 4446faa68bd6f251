#include "base/text.hpp"
#include "cli/command.hpp"

#include <CLI/CLI.hpp>

#include <deque>
#include <memory>

namespace ramet::cli {

namespace {

/// The values that CLI11 writes into while it parses one command.
struct Slots {
    std::deque<std::pair<std::string, std::vector<std::string>>> values;
    std::deque<std::pair<std::string, bool>> flags;
};

void add_option(CLI::App& app, const OptionSpec& spec, Slots& slots)
{
    const auto names = spec.short_name.empty() ? spec.name : spec.short_name + "," + spec.name;
    if (spec.value.empty()) {
        app.add_flag(names, slots.flags.emplace_back(spec.name, false).second, spec.help);
        return;
    }
    app.add_option(names, slots.values.emplace_back(spec.name, std::vector<std::string>{}).second, spec.help)
        ->type_name(spec.value)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_positional(CLI::App& app, const PositionalSpec& spec, Slots& slots)
{
    auto* option = app.add_option(spec.name, slots.values.emplace_back(spec.name, std::vector<std::string>{}).second, spec.help);
    using Count = PositionalSpec::Count;
    option->type_name("");
    if (spec.count == Count::one) option->required()->expected(1);
    else if (spec.count == Count::optional) option->expected(0, 1);
    else option->expected(-1);
}

CLI::App* find_or_add(CLI::App& parent, const std::string& name, const std::string& summary)
{
    for (auto* child : parent.get_subcommands([](const CLI::App*) { return true; }))
        if (child->get_name() == name) return child;
    auto* child = parent.add_subcommand(name, summary);
    child->require_subcommand(0, 1);
    return child;
}

CLI::App* add_command(CLI::App& root, const CommandSpec& command)
{
    auto* app = &root;
    const auto words = split(command.path, ' ');
    for (std::size_t i = 0; i < words.size(); ++i)
        app = find_or_add(*app, words[i], i + 1 == words.size() ? command.summary : words[i] + " commands");
    app->description(command.summary);
    return app;
}

Arguments collect(const Slots& slots)
{
    Arguments arguments;
    for (const auto& [name, values] : slots.values)
        if (!values.empty()) arguments.values[name] = values;
    for (const auto& [name, is_set] : slots.flags)
        if (is_set) arguments.values[name] = {};
    return arguments;
}

Error usage_error(const Commands& commands, const std::vector<std::string>& words, const std::string& message)
{
    Error error{ErrorKind::invalid, message};
    std::vector<std::string> paths;
    for (const auto& command : commands) paths.push_back(command.path);
    for (const std::size_t length : {2U, 1U}) {
        if (words.size() < length) continue;
        const auto typed = join(std::vector<std::string>(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(length)), " ");
        const auto near = did_you_mean(typed, paths);
        if (!near.empty() && near != typed) error.next_step = "did you mean: ramet " + near;
        if (!error.next_step.empty()) return error;
    }
    error.next_step = "ramet --help";
    return error;
}

}  // namespace

Result<Parsed> parse_command_line(const Commands& commands, const std::vector<std::string>& words)
{
    CLI::App root("Ramet gives every pull request its own copy of a whole environment.", "ramet");
    root.require_subcommand(0, 1);
    root.footer("Environment: RAMET_URL, RAMET_TOKEN. Each command has --help.");
    std::vector<std::pair<CLI::App*, const CommandSpec*>> leaves;
    std::deque<Slots> slots;
    for (const auto& command : commands) {
        auto* app = add_command(root, command);
        auto& own = slots.emplace_back();
        for (const auto& positional : command.positionals) add_positional(*app, positional, own);
        for (const auto& option : command.options) add_option(*app, option, own);
        for (const auto& option : common_options()) add_option(*app, option, own);
        leaves.emplace_back(app, &command);
    }
    try {
        std::vector<std::string> reversed(words.rbegin(), words.rend());  // CLI11 takes them from the back.
        root.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        auto* app = &root;
        while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
        return Parsed{.text = app->help(app == &root ? "" : app->get_name())};
    } catch (const CLI::ParseError& error) {
        return std::unexpected(usage_error(commands, words, error.what()));
    }
    // The deepest command that was typed: "audit" and "audit verify" are both commands.
    const CLI::App* typed = &root;
    while (!typed->get_subcommands().empty()) typed = typed->get_subcommands().front();
    for (std::size_t i = 0; i < leaves.size(); ++i)
        if (leaves[i].first == typed) return Parsed{leaves[i].second, collect(slots[i]), {}};
    if (words.empty()) return Parsed{.text = root.help()};
    return std::unexpected(usage_error(commands, words, "ramet " + join(words, " ") + " is not a whole command\n" + typed->help()));
}

}  // namespace ramet::cli
