#include "base/text.hpp"
#include "cli/test_commands.hpp"

#include <doctest/doctest.h>

namespace ramet::cli {

using namespace testing;

namespace {

/// "path | NAME=value --option=value --flag", in the order of the names.
std::string describe(const Result<Parsed>& parsed)
{
    if (!parsed) return "error: " + parsed.error().message;
    if (parsed->command == nullptr) return "help: " + parsed->text.substr(0, parsed->text.find('\n'));
    auto text = parsed->command->path;
    for (const auto& [name, values] : parsed->arguments.values)
        text += " | " + name + (values.empty() ? "" : "=" + join(values, "+"));
    return text;
}

std::string parse(const std::vector<std::string>& words)
{
    static const auto commands = server_commands();
    return describe(parse_command_line(commands, words));
}

Error fail_to_parse(const std::vector<std::string>& words)
{
    static const auto commands = server_commands();
    const auto parsed = parse_command_line(commands, words);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid);
    return parsed.error();
}

}  // namespace

TEST_CASE("command lines are read, with options before, between and behind, glued or apart")
{
    struct Case {
        std::vector<std::string> words;
        std::string want;
    };
    const Case cases[] = {
        {{"preview", "list"}, "preview list"},
        {{"preview", "show", "pr-1"}, "preview show | NAME=pr-1"},
        {{"preview", "show", "pr-1", "-o", "json"}, "preview show | -o=json | NAME=pr-1"},
        {{"preview", "show", "-ojson", "pr-1"}, "preview show | -o=json | NAME=pr-1"},
        {{"-o", "json", "--project", "shop", "preview", "show", "pr-1"},
         "preview show | --project=shop | -o=json | NAME=pr-1"},
        {{"preview", "create", "--branch=a=b", "--no-wait"}, "preview create | --branch=a=b | --no-wait"},
        {{"preview", "create", "--branch="}, "preview create | --branch="},
        {{"apply", "-f", "x.yaml", "--env", "a", "--env", "b"}, "apply | --env=a+b | --file=x.yaml"},
        {{"audit"}, "audit"},
        {{"audit", "verify"}, "audit verify"},
        {{"audit", "--limit", "5"}, "audit | --limit=5"},
        {{"logs", "pr-1"}, "logs | ENV=pr-1"},
        {{"logs", "pr-1", "web", "-f"}, "logs | --follow | ENV=pr-1 | WHAT=web"},
        {{"vars", "set", "A", ""}, "vars set | KEY=A | VALUE="},
    };
    for (const auto& [words, want] : cases) {
        CAPTURE(join(words, " "));
        CHECK(parse(words) == want);
    }
}

TEST_CASE("what stands behind another program's name is that program's")
{
    struct Case {
        std::vector<std::string> words;
        std::string want;
    };
    const Case cases[] = {
        {{"exec", "pr-1", "api", "ls"}, "exec | COMMAND=ls | ENV=pr-1 | SERVICE=api"},
        {{"exec", "pr-1", "api", "ls", "-la", "--help", "-o", "x"},
         "exec | COMMAND=ls+-la+--help+-o+x | ENV=pr-1 | SERVICE=api"},
        {{"exec", "pr-1", "api", "--", "ls", "--", "-i"}, "exec | COMMAND=ls+--+-i | ENV=pr-1 | SERVICE=api"},
        {{"exec", "pr-1", "api", "--", "-odd"}, "exec | COMMAND=-odd | ENV=pr-1 | SERVICE=api"},
        {{"exec", "-i", "pr-1", "--project", "shop", "api", "-i", "sh", "-i"},
         "exec | --project=shop | --stdin | COMMAND=sh+-i | ENV=pr-1 | SERVICE=api"},
        {{"exec", "pr-1", "api"}, "error: COMMAND is missing: a program and its arguments; its options are its own"},
        {{"exec", "pr-1", "api", "--"},
         "error: COMMAND is missing: a program and its arguments; its options are its own"},
        {{"exec", "pr-1", "api", "-x", "ls"}, "error: there is no option -x"},
        {{"exec", "pr-1"}, "error: SERVICE is missing: a service that runs there"},
        {{"exec", "--help"}, "help: ramet exec: run a command beside a service, with what the service has"},
        {{"exec", "pr-1", "-h"}, "help: ramet exec: run a command beside a service, with what the service has"},
        {{"help", "exec"}, "help: ramet exec: run a command beside a service, with what the service has"},
        {{"port-forward", "pr-1", "db"}, "port-forward | ENV=pr-1 | WHAT=db"},
        {{"port-forward", "pr-1", "db", "5433"}, "port-forward | ENV=pr-1 | LOCAL_PORT=5433 | WHAT=db"},
    };
    for (const auto& [words, want] : cases) {
        CAPTURE(join(words, " "));
        CHECK(parse(words) == want);
    }
}

TEST_CASE("the help of a command that runs another shows where options go, and an example")
{
    static const auto commands = server_commands();
    const auto help = parse_command_line(commands, {"exec", "--help"});
    REQUIRE(help);
    CHECK(help->text.contains("usage: ramet exec [options] ENV SERVICE [--] COMMAND…\n"));
    CHECK(help->text.contains("\nexample:\n  ramet exec pr-42 api -- "));
}

TEST_CASE("values may begin with a dash")
{
    struct Case {
        std::vector<std::string> words;
        std::string want;
    };
    const Case cases[] = {
        {{"vars", "set", "A", "-1"}, "vars set | KEY=A | VALUE=-1"},
        {{"vars", "set", "A", "-"}, "vars set | KEY=A | VALUE=-"},
        {{"vars", "set", "A", "--", "-x"}, "vars set | KEY=A | VALUE=-x"},
        {{"vars", "set", "--", "A", "--help"}, "vars set | KEY=A | VALUE=--help"},
        {{"preview", "create", "--branch", "-odd"}, "error: --branch needs a value: --branch B"},
        {{"preview", "create", "--branch=-odd"}, "preview create | --branch=-odd"},
        {{"preview", "create", "--branch", "-strange"}, "preview create | --branch=-strange"},
        {{"vars", "set", "A", "-x"}, "error: there is no option -x"},
    };
    for (const auto& [words, want] : cases) {
        CAPTURE(join(words, " "));
        CHECK(parse(words) == want);
    }
}

TEST_CASE("what is wrong is said, with the usage and the nearest that exists")
{
    struct Case {
        std::vector<std::string> words;
        std::string message, next;
    };
    const Case cases[] = {
        {{"previw", "list"}, "there is no command previw list", "did you mean: ramet preview list"},
        {{"preview", "crate"}, "there is no command preview crate", "did you mean: ramet preview create"},
        {{"preview", "evaporate", "--far"}, "there is no command preview evaporate", "ramet preview --help"},
        {{"lgos", "pr-1"}, "there is no command lgos pr-1", "did you mean: ramet logs"},
        {{"log", "pr-1"}, "there is no command log pr-1", "did you mean: ramet logs"},
        {{"xyzzy"}, "there is no command xyzzy", "ramet --help"},
        {{"preview"}, "ramet preview needs one more word", ""},
        {{"preview", "show"}, "NAME is missing: name of the preview", "ramet preview show --help"},
        {{"preview", "show", "a", "b"}, "\"b\" is one word too many", "ramet preview show --help"},
        {{"preview", "create", "--brnch", "x"},
         "there is no option --brnch",
         "did you mean --branch? A value that begins with a dash goes behind --"},
        {{"preview", "create", "--xyzzy"}, "there is no option --xyzzy", "ramet preview create --help"},
        {{"preview", "create", "--branch"}, "--branch needs a value: --branch B", "ramet preview create --help"},
        {{"preview", "create", "--branch", "--no-wait"},
         "--branch needs a value: --branch B",
         "ramet preview create --help"},
        {{"preview", "create", "--no-wait=yes"}, "--no-wait takes no value", "ramet preview create --help"},
        {{"--xyzzy", "preview", "list"}, "there is no option --xyzzy", ""},
    };
    for (const auto& [words, message, next] : cases) {
        CAPTURE(join(words, " "));
        const auto error = fail_to_parse(words);
        CHECK(error.message == message);
        CHECK(error.next_step == next);
    }
    CHECK(fail_to_parse({"preview", "show"}).evidence == "usage: ramet preview show NAME [options]");
    CHECK(fail_to_parse({"preview"}).evidence.contains("preview create"));
}

TEST_CASE("a secret among the arguments is refused and never repeated")
{
    const std::vector<std::vector<std::string>> lines = {
        {"secret", "set", "NAME", "hunter2"},         {"secret", "set", "NAME", "a", "hunter2"},
        {"secret", "set", "NAME", "--value=hunter2"}, {"secret", "set", "NAME", "--value", "hunter2"},
        {"secret", "set", "NAME", "-vhunter2"},       {"secret", "set", "--protected=hunter2", "NAME"},
        {"login", "http://ramet.test", "hunter2"},    {"login", "http://ramet.test", "--token=hunter2"},
        {"git", "connect", "gitea", "hunter2"},
    };
    for (const auto& words : lines) {
        CAPTURE(join(words, " "));
        const auto outcome = run(words);
        CHECK(outcome.code == 2);
        CHECK(outcome.output.empty());
        CHECK_FALSE(outcome.errors.contains("hunter2"));
    }
    CHECK(run({"secret", "set", "NAME", "hunter2"}).errors.contains("the value comes from standard input"));
}

TEST_CASE("every command has a help with its usage, each of its words and each of its options")
{
    for (const auto& command : server_commands()) {
        CAPTURE(command.path);
        auto words = split(command.path, ' ');
        words.push_back("--help");
        const auto outcome = run(words);
        CHECK(outcome.code == 0);
        CHECK(outcome.errors.empty());
        CHECK(outcome.output.contains(usage_of(command)));
        CHECK_FALSE(command.summary.empty());
        for (const auto& positional : command.positionals) {
            CHECK(outcome.output.contains(positional.name));
            CHECK_FALSE(positional.help.empty());
        }
        for (const auto& option : command.options) {
            CHECK(outcome.output.contains(option.name));
            CHECK_FALSE(option.help.empty());
        }
        for (const auto& line : split(outcome.output, '\n')) CHECK(line.size() < 140);
    }
}

TEST_CASE("help is there for all, for a group, before and behind the command")
{
    CHECK(run({}).code == 0);
    CHECK(run({}).output == run({"--help"}).output);
    CHECK(run({"help"}).output == run({"-h"}).output);
    CHECK(run({"help", "preview", "create"}).output == run({"preview", "create", "--help"}).output);
    CHECK(run({"preview", "create", "--branch", "x", "-h"}).output == run({"preview", "create", "--help"}).output);
    CHECK(run({"preview", "--help"}).output.starts_with("usage: ramet preview … [options]"));
    CHECK(run({"audit", "--help"}).output.contains("audit verify"));
    CHECK(run({"audit", "--help"}).output.contains("--limit N"));
    const auto whole = run({"--help"}).output;
    for (const auto& command : server_commands()) CHECK(whole.contains(split(command.path, ' ').front()));
}

TEST_CASE("the help of a command reads like this")
{
    CHECK(run({"secret", "set", "--help"}).output ==
          "ramet secret set: set a secret from standard input or a prompt\n"
          "\n"
          "usage: ramet secret set NAME [options] < FILE\n"
          "\n"
          "Reads the value from standard input, or asks for it on a terminal.\n"
          "\n"
          "  NAME  name of the secret\n"
          "\n"
          "options:\n"
          "  --protected        never flows into a preview\n"
          "  --org              for all projects\n"
          "  --env ENV          for this environment\n"
          "  --service SERVICE  with --env: for this service only\n"
          "  --previews         for all previews of the project\n"
          "  --preview NAME     for this preview\n"
          "\n"
          "common options:\n"
          "  -o FORMAT          table, wide, json, yaml or name\n"
          "  --project PROJECT  the project, where there are several\n"
          "  --quiet            no progress on standard error\n"
          "  --yes              answer yes to questions\n"
          "  --no-input         never ask\n");
}

TEST_CASE("numbers are read whole or refused")
{
    Arguments arguments;
    for (const auto& [text, want] :
         std::vector<std::pair<std::string, std::int64_t>>{{"0", 0}, {"12", 12}, {"9223372036854775807", INT64_MAX}}) {
        arguments.values["N"] = {text};
        CHECK(arguments.number("N") == want);
    }
    for (const std::string text : {"", "abc", "1x", " 1", "-1", "1.5", "9223372036854775808"}) {
        CAPTURE(text);
        arguments.values["N"] = {text};
        CHECK(arguments.number("N").error().kind == ErrorKind::invalid);
    }
    CHECK(arguments.number("M", 7) == 7);
}

}  // namespace ramet::cli
