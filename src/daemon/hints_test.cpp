// A hint that names a command which does not exist sends somebody who is in trouble into more of it. So every text of the
// program that says "ramet …" is read here, and given to the command line's own tables.
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/test_commands.hpp"
#include "daemon/local_commands.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <set>

namespace ramet::daemon {

namespace {

cli::Commands all_commands()
{
    auto all = cli::server_commands();
    for (auto& command : local_commands()) all.push_back(std::move(command));
    all.push_back({"completion", "print the completion script for bash", {}, {}, {}});
    return all;
}

bool is_digit_before(std::string_view text, std::size_t at)
{
    return at > 0 && std::isxdigit(static_cast<unsigned char>(text[at - 1])) != 0;
}

/// The string literals of C++ text, as they are read by people: escapes are kept, but for the quote.
std::vector<std::string> literals_of(std::string_view text)
{
    std::vector<std::string> literals;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("//")) {
            i = std::min(text.find('\n', i), text.size());
        } else if (text.substr(i).starts_with("R\"")) {
            const auto open = text.find('(', i);
            const auto end = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
            i = std::min(text.find(end, open), text.size()) + end.size() - 1;
        } else if (text[i] == '\'' && is_digit_before(text, i)) {
            continue;  // 10'000
        } else if (text[i] == '\'') {
            i = std::min(text.find('\'', i + (text[i + 1] == '\\' ? 3 : 2)), text.size());
        } else if (text[i] == '"') {
            std::string literal;
            for (++i; i < text.size() && text[i] != '"'; ++i) {
                if (text[i] == '\\' && text[++i] != '"') literal += '\\';
                literal += text[i];
            }
            literals.push_back(std::move(literal));
        }
    }
    return literals;
}

struct Hint {
    std::string words;     ///< behind "ramet "
    bool goes_on = false;  ///< what follows is put together elsewhere, or left to the reader
};

bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

Hint hint_at(std::string_view rest)
{
    auto end = rest.size();
    for (const std::string_view stop :
         {"`", "\"", "\\n", ",", ";", ")", ". ", ": ", " or ", " as ", "    ", " < ", " <", "…"})
        end = std::min(end, rest.find(stop));
    // `ramet why` between backticks may just name the command.
    const bool is_left_open = rest.substr(end).starts_with("…") || rest.substr(end).starts_with("`") ||
                              (end == rest.size() && rest.ends_with(' '));
    return {std::string(trim(rest.substr(0, end))), is_left_open};
}

/// Where a text says "ramet" and a command, also several times.
std::vector<Hint> hints_in(std::string_view literal)
{
    constexpr std::string_view name = "ramet ";
    std::vector<Hint> hints;
    for (auto at = literal.find(name); at != std::string_view::npos; at = literal.find(name, at + 1)) {
        const bool is_word = at == 0 || literal[at - 1] == ' ' || literal[at - 1] == '`';
        const auto rest = literal.substr(at + name.size());
        if (is_word && !rest.empty() && is_letter(rest.front())) hints.push_back(hint_at(rest));
    }
    return hints;
}

std::vector<std::string> words_of(const Hint& hint)
{
    auto words = split(hint.words, ' ');
    std::erase(words, "");
    for (auto& word : words)
        if (word == "{}") word = "x";
    return words;
}

std::string fault_of(const Hint& hint)
{
    static const auto commands = all_commands();
    auto words = words_of(hint);
    auto parsed = cli::parse_command_line(commands, words);
    if (!parsed && hint.goes_on) {
        words.push_back("x");
        parsed = cli::parse_command_line(commands, words);
        if (!parsed && parsed.error().message.contains("is missing")) return {};
    }
    return parsed ? std::string() : parsed.error().message;
}

/// Texts that begin like a command and name something else: domains of keys, marks in files that others read.
bool is_no_hint(const std::string& literal)
{
    static const std::set<std::string> others{"ramet key id", "ramet data key", "ramet build 1"};
    return others.contains(literal) || literal.contains("ramet trust") || literal.contains("ramet all reject");
}

}  // namespace

TEST_CASE("every command that a text of the program names is one that the command line takes")
{
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(RAMET_SOURCE_DIRECTORY)) {
        const auto& path = entry.path();
        const bool is_source = path.extension() == ".cpp" || path.extension() == ".hpp";
        if (!is_source || path.filename().string().contains("test")) continue;
        for (const auto& literal : literals_of(read_file(path).value())) {
            if (is_no_hint(literal)) continue;
            for (const auto& hint : hints_in(literal)) {
                ++count;
                CHECK_MESSAGE(fault_of(hint) == "", path.filename().string() << ": ramet " << hint.words);
            }
        }
    }
    // Fewer would mean that they are no longer found.
    CHECK(count > 40);
}

TEST_CASE("a hint is found where it stands, up to where it ends")
{
    struct Case {
        std::string literal, want;
        bool is_right;
    };
    const Case cases[] = {
        {"ramet env list", "env list", true},
        {"ramet why ", "why", true},
        {"ramet logs --service {}", "logs --service {}", false},
        {"ramet logs ENV job/seed", "logs ENV job/seed", true},
        {"ramet db refresh", "db refresh", false},
        {"`ramet db refresh` makes one", "db refresh", true},
        {"`ramet db vacuum` makes one", "db vacuum", false},
        {"push a fix, or: ramet preview redeploy ", "preview redeploy", true},
        {"ramet storage init, as root", "storage init", true},
        {"run ramet up as root", "up", true},
        {"set it with `ramet secret set {} --previews` (or elsewhere)", "secret set {} --previews", true},
        {"compare it with a backup: ramet restore", "restore", false},
        {"ramet git connect … < token", "git connect", true},
        {"Ramet is up", "", true},
        {"/etc/ramet config", "", true},
    };
    for (const auto& [literal, want, is_right] : cases) {
        CAPTURE(literal);
        const auto hints = hints_in(literal);
        REQUIRE(hints.size() == (want.empty() ? 0 : 1));
        if (want.empty()) continue;
        CHECK(hints.front().words == want);
        CHECK((fault_of(hints.front()) == "") == is_right);
    }
}

TEST_CASE("literals are told from comments, raw strings and characters")
{
    const auto literals = literals_of("a(10'000, \"one\", '\"', '\\\\'); // \"no\"\nR\"x(\"raw\")x\" \"tw\\\"o\"");
    CHECK(literals == std::vector<std::string>{"one", "tw\"o"});
}

TEST_CASE("help for a command is the same by both words, with its usage once")
{
    static const auto commands = all_commands();
    for (const auto& command : commands) {
        CAPTURE(command.path);
        auto behind = split(command.path, ' ');
        auto before = behind;
        behind.push_back("--help");
        before.insert(before.begin(), "help");
        const auto text = cli::parse_command_line(commands, before)->text;
        CHECK(text == cli::parse_command_line(commands, behind)->text);
        CHECK(text.contains("\nusage: ramet " + command.path));
        CHECK_FALSE(text.contains(command.path + " " + command.path));
    }
}

}  // namespace ramet::daemon
