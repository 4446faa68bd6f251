#include "base/subprocess.hpp"

#include "base/text.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <thread>

using namespace ramet;
using namespace std::chrono_literals;
using ramet::testing::TemporaryDirectory;
using ramet::testing::wait_until;

namespace {

Command shell(std::string script)
{
    return {.arguments = {"sh", "-c", std::move(script)}};
}

std::string output_of(const Command& command)
{
    const auto output = run_command(command);
    REQUIRE_MESSAGE(output, output.error().message);
    REQUIRE_MESSAGE(output->exit_code == 0, output->standard_error);
    return output->standard_output;
}

bool is_alive(pid_t pid)
{
    // A zombie that nobody has reaped yet is dead too.
    const auto status = read_file("/proc/" + std::to_string(pid) + "/stat");
    return status && !status->contains(") Z ");
}

pid_t pid_in(const Path& file)
{
    REQUIRE(wait_until([&] { return read_file(file).value_or("").ends_with('\n'); }));
    return static_cast<pid_t>(std::stol(read_file(file).value()));
}

}  // namespace

TEST_CASE("a command gives its output, its errors and its exit code")
{
    const auto output = run_command(shell("echo out; echo err >&2; exit 3")).value();
    CHECK(output.exit_code == 3);
    CHECK(output.standard_output == "out\n");
    CHECK(output.standard_error == "err\n");
}

TEST_CASE("a program that a signal ended has the exit code of a shell")
{
    CHECK(run_command(shell("kill -TERM $$")).value().exit_code == 128 + SIGTERM);
}

TEST_CASE("arguments are passed as they are, without a shell")
{
    CHECK(output_of({.arguments = {"printf", "%s|", "a b", "$HOME", "*", ""}}) == "a b|$HOME|*||");
}

TEST_CASE("nothing of the environment is inherited but a PATH")
{
    ::setenv("RAMET_TEST_INHERITED", "yes", 1);
    CHECK(output_of({.arguments = {"env"}}) == "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n");
    CHECK(output_of({.arguments = {"/usr/bin/env"}, .environment = {{"A", "1"}, {"PATH", "/nowhere"}}}) ==
          "A=1\nPATH=/nowhere\n");
    ::unsetenv("RAMET_TEST_INHERITED");
}

TEST_CASE("the program is searched in the PATH of the command, not in our own")
{
    const TemporaryDirectory directory;
    const auto program = directory.write("bin/hello", "#!/bin/sh\necho hello\n");
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    CHECK(output_of({.arguments = {"hello"}, .environment = {{"PATH", "/nowhere:" + (directory / "bin").string()}}}) ==
          "hello\n");
}

TEST_CASE("a command that cannot be started is an error that says why")
{
    const TemporaryDirectory directory;
    const auto text = directory.write("text", "not a program");
    const auto script = directory.write("script", "#!/no/such/interpreter\n");
    std::filesystem::permissions(script, std::filesystem::perms(0755));
    struct Case {
        std::string_view story;
        Command command;
        ErrorKind want;
    };
    const Case cases[] = {
        {"nothing", {}, ErrorKind::invalid},
        {"no such program in PATH", {.arguments = {"no-such-program"}}, ErrorKind::not_found},
        {"no such file", {.arguments = {"/no/such/program"}}, ErrorKind::not_found},
        {"an empty name", {.arguments = {""}}, ErrorKind::not_found},
        {"not executable", {.arguments = {text.string()}}, ErrorKind::forbidden},
        {"no interpreter", {.arguments = {script.string()}}, ErrorKind::not_found},
        {"a zero byte", {.arguments = {"echo", std::string("a\0b", 3)}}, ErrorKind::invalid},
        {"a bad variable", {.arguments = {"env"}, .environment = {{"A=B", ""}}}, ErrorKind::invalid},
        {"no directory", {.arguments = {"pwd"}, .working_directory = "/no/such"}, ErrorKind::not_found},
    };
    for (const auto& [story, command, want] : cases) {
        CAPTURE(story);
        const auto output = run_command(command);
        REQUIRE(!output);
        CHECK(output.error().kind == want);
        CHECK_FALSE(output.error().message.empty());
    }
}

TEST_CASE("a command runs in its working directory")
{
    const TemporaryDirectory directory;
    CHECK(trim(output_of({.arguments = {"pwd", "-P"}, .working_directory = directory.path()})) ==
          directory.path().string());
}

TEST_CASE("without input a command reads an empty stream")
{
    CHECK(output_of({.arguments = {"cat"}, .timeout = 10s}).empty());
}

TEST_CASE("input and output larger than any pipe pass without a deadlock")
{
    const std::string big(3U << 20U, 'x');
    const auto output = output_of({.arguments = {"cat"}, .standard_input = big, .output_limit = 8U << 20U});
    CHECK(output == big);
}

TEST_CASE("a program that does not read its input is not a failure and SIGPIPE does not end us")
{
    const std::string big(1U << 20U, 'x');
    CHECK(output_of({.arguments = {"true"}, .standard_input = big}).empty());
    CHECK(output_of({.arguments = {"head", "-c", "3"}, .standard_input = big}) == "xxx");
}

TEST_CASE("of too much output the tail is kept")
{
    auto command = shell("seq 1 200000; seq 1 100000 >&2");
    command.output_limit = 14;
    const auto output = run_command(command).value();
    CHECK(output.standard_output == "199999\n200000\n");
    CHECK(output.standard_error == "\n99999\n100000\n");
}

TEST_CASE("no descriptor but the standard ones reaches the child")
{
    // Opened without O_CLOEXEC on purpose.
    const Fd leak(::open("/dev/null", O_RDONLY));
    const Fd high(::fcntl(leak.get(), F_DUPFD, 200));
    // The fourth is the directory that ls itself reads.
    CHECK(output_of({.arguments = {"ls", "/proc/self/fd"}}) == "0\n1\n2\n3\n");
}

TEST_CASE("signals that we ignore or block are not ignored by the child")
{
    const auto before = std::signal(SIGTERM, SIG_IGN);
    const auto output = run_command(shell("kill -TERM $$; echo survived"));
    std::signal(SIGTERM, before);
    CHECK(output.value().exit_code == 128 + SIGTERM);
}

TEST_CASE("a time-out ends the whole group and gives the last words as evidence")
{
    const TemporaryDirectory directory;
    auto command = shell("sleep 1000 & echo $! > pid; echo working >&2; wait");
    command.working_directory = directory.path();
    command.timeout = 300ms;
    const auto start = std::chrono::steady_clock::now();
    const auto output = run_command(command);
    REQUIRE(!output);
    CHECK(output.error().kind == ErrorKind::timeout);
    CHECK(output.error().message == "sh did not end within 300 ms");
    CHECK(output.error().evidence == "working");
    CHECK(std::chrono::steady_clock::now() - start < 10s);
    const auto pid = pid_in(directory / "pid");
    CHECK(wait_until([&] { return !is_alive(pid); }));
}

TEST_CASE("a program that writes without end is ended all the same, and so are the time and the memory it takes")
{
    const Command command{.arguments = {"yes"}, .timeout = 200ms, .output_limit = 1000};
    const auto output = run_command(command);
    REQUIRE(!output);
    CHECK(output.error().kind == ErrorKind::timeout);
    CHECK(output.error().evidence.ends_with("y\ny"));
}

TEST_CASE("a stop request ends the whole group")
{
    const TemporaryDirectory directory;
    std::stop_source stop;
    auto command = shell("sleep 1000 & echo $! > pid; wait");
    command.working_directory = directory.path();
    command.stop = stop.get_token();
    Result<CommandOutput> output = fail(ErrorKind::internal, "not run");
    std::jthread runner([&] { output = run_command(command); });
    const auto pid = pid_in(directory / "pid");
    stop.request_stop();
    runner.join();
    CHECK(output.error().kind == ErrorKind::cancelled);
    CHECK(wait_until([&] { return !is_alive(pid); }));
}

TEST_CASE("a command that is already stopped does not begin")
{
    const TemporaryDirectory directory;
    std::stop_source stop;
    stop.request_stop();
    auto command = shell("touch began");
    command.working_directory = directory.path();
    command.stop = stop.get_token();
    CHECK(run_command(command).error().kind == ErrorKind::cancelled);
    CHECK_FALSE(std::filesystem::exists(directory / "began"));
}

TEST_CASE("what a program leaves behind in its group ends with it")
{
    auto command = shell("sleep 1000 & echo $!");
    command.timeout = 10s;
    const auto pid = static_cast<pid_t>(std::stol(output_of(command)));
    CHECK(wait_until([&] { return !is_alive(pid); }));
}

TEST_CASE("a daemon that left the group lives on and its hold on the pipe is not waited for")
{
    auto command = shell("setsid sleep 1000 & echo $!; until [ $(cut -d' ' -f6 /proc/$!/stat) = $! ]; do :; done");
    command.timeout = 10s;
    const auto pid = static_cast<pid_t>(std::stol(output_of(command)));
    CHECK(is_alive(pid));
    CHECK(::kill(pid, SIGKILL) == 0);
}

TEST_CASE("commands of many threads do not disturb each other")
{
    std::vector<std::jthread> threads;
    std::vector<std::string> outputs(8);
    for (std::size_t i = 0; i < outputs.size(); ++i)
        threads.emplace_back([&, i] {
            outputs[i] =
                run_command({.arguments = {"cat"}, .standard_input = std::string(100'000, static_cast<char>('a' + i))})
                    .value()
                    .standard_output;
        });
    threads.clear();
    for (std::size_t i = 0; i < outputs.size(); ++i)
        CHECK(outputs[i] == std::string(100'000, static_cast<char>('a' + i)));
}

TEST_CASE("a checked command gives its output or the last lines of its errors")
{
    CHECK(run_checked(shell("echo ok")).value() == "ok\n");
    const auto failed = run_checked(shell("echo progress; echo 'fatal: no such branch' >&2; exit 128"));
    REQUIRE(!failed);
    CHECK(failed.error() == Error{ErrorKind::unavailable, "sh exited with 128", "fatal: no such branch"});
    CHECK(run_checked(shell("echo 'told on standard output'; exit 1")).error().evidence == "told on standard output");
}
