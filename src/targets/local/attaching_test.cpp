#include "targets/local/attaching.hpp"

#include "targets/local/environment_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ramet;
using namespace ramet::targets;
using namespace ramet::targets::local;

namespace {

std::string read_all(const Fd& fd)
{
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

std::string read_line(const Fd& fd)
{
    std::string text;
    for (char letter = 0; ::read(fd.get(), &letter, 1) == 1 && letter != '\n';) text += letter;
    return text;
}

/// A service that runs, and what starts commands beside it.
struct Running {
    EnvironmentFixture environment;
    LocalAttacher attacher{environment.local.machine()};
    engine::ResourceRef address = environment.address("api");
    engine::ResourceRef service = environment.service(
        "api", json::string("sleep 1000"),
        {{"env", json::object{{"GREETING", "hello"}, {"PASSWORD", json::object{{"$secret", "s1"}, {"version", 1}}}}}});

    Running()
    {
        environment.local.secrets.values["s1"] = "correct-horse";
        const auto up = bring_up(environment.services, service);
        REQUIRE_MESSAGE(up.has_value(), text_of(up));
    }
    ~Running()
    {
        CHECK(text_of(take_down(environment.services, service)) == "");
        CHECK(text_of(take_down(environment.shims, address)) == "");
        CHECK(count_processes(environment.local.root().string()) == 0);
    }

    std::vector<engine::ResourceView> resources() const
    {
        return {{.ref = service, .phase = engine::Phase::live}, {.ref = address, .phase = engine::Phase::live}};
    }
    Result<RunningCommand> start(std::vector<std::string> arguments, const std::string& name = "api")
    {
        const auto all = resources();
        return attacher.start_command(all, {name, std::move(arguments)});
    }
    RunningCommand sh(const std::string& script)
    {
        auto command = start({"sh", "-c", script});
        REQUIRE_MESSAGE(command.has_value(), (command ? "" : command.error().message));
        return std::move(*command);
    }
    /// Waits for its end.
    CommandEnding ending_of(const RunningCommand& command)
    {
        const auto ending = attacher.read_ending(read_all(command.control));
        REQUIRE(ending.has_value());
        return *ending;
    }
    std::string group_of_shim() const { return read_file(environment.shim_of("api") / "group", 4096).value_or(""); }
    bool has_command_groups() const
    {
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(group_of_shim(), error))
            if (entry.path().filename().string().starts_with("exec.")) return true;
        return false;
    }
};

}  // namespace

TEST_CASE("a command has what its service has: user, directory, environment with its secrets, view, and nothing else")
{
    Running running;
    auto command = running.sh("id -u; pwd; env | sort; ls /proc/self/fd | wc -l; ls " +
                              running.environment.local.root().string() + "; cat /proc/self/cgroup");
    command.input.reset();
    const auto said = read_all(command.output);
    CAPTURE(said);
    CAPTURE(read_all(command.error));
    CHECK(running.ending_of(command).exit_code == 0);
    const auto home =
        running.environment.local.root() / "environments" / running.environment.local.environment / "home";
    if (runs_as_root()) {
        CHECK(said.starts_with(std::to_string(running.environment.service_uid()) + "\n" + home.string() + "\n"));
        CHECK_FALSE(said.contains("allocations"));
        // Itself, and the directory that `ls` reads.
        CHECK(said.contains("\n4\n"));
    }
    for (const auto* line : {"\nGREETING=hello\n", "\nPASSWORD=correct-horse\n", "\nHOST=127.0.0.1\n", "\nPORT="})
        CHECK(said.contains(line));
    for (const auto* line : {"RAMET_TOKEN", "SSH_", "SUDO_"}) CHECK_FALSE(said.contains(line));
    const auto group = running.group_of_shim();
    if (!group.empty()) CHECK(said.contains(group.substr(group.rfind("/ramet-")) + "/exec."));
}

TEST_CASE("input goes in, output and error output come back apart, and the exit code is the program's own")
{
    Running running;
    auto command = running.sh("tr a-z A-Z; echo oops >/dev/stderr; exit 7");
    REQUIRE(::write(command.input.get(), "some text\n", 10) == 10);
    command.input.reset();
    CHECK(read_all(command.output) == "SOME TEXT\n");
    CHECK(read_all(command.error) == "oops\n");
    const auto ending = running.ending_of(command);
    CHECK(ending.exit_code == 7);
    CHECK(ending.text == "exited with 7");
    CHECK_FALSE(ending.was_stopped);
    CHECK(eventually([&] { return !running.has_command_groups(); }));
}

TEST_CASE("what a command leaves running ends with it, so that its output ends too")
{
    Running running;
    auto command = running.sh("setsid sleep 99731 & echo begun; kill -9 $$");
    CHECK(read_all(command.output) == "begun\n");
    CHECK(running.ending_of(command).exit_code == 128 + SIGKILL);
    CHECK(count_processes("99731") == 0);
}

TEST_CASE("when whoever asked for it goes, a command is ended with everything it started")
{
    Running running;
    SUBCASE("by SIGTERM, which it may answer to")
    {
        auto command = running.sh("trap 'echo bye > $HOME/bye; exit' TERM; echo ready; while :; do sleep 0.01; done");
        CHECK(read_line(command.output) == "ready");
        command.control.reset();
        CHECK(read_all(command.output).empty());
        const auto home =
            running.environment.local.root() / "environments" / running.environment.local.environment / "home";
        CHECK(eventually([&] { return std::filesystem::exists(home / "bye"); }));
    }
    SUBCASE("by SIGKILL, when it does not listen")
    {
        auto command = running.sh("trap '' TERM; setsid sh -c \"trap '' TERM; sleep 998\" & echo ready; sleep 998");
        CHECK(read_line(command.output) == "ready");
        command.control.reset();
        CHECK(read_all(command.output).empty());
    }
    CHECK(eventually([&] { return !running.has_command_groups(); }));
}

TEST_CASE("a command ends with its service, and the shim outlasts neither")
{
    Running running;
    auto command = running.sh("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    CHECK(read_line(command.output) == "ready");
    CHECK(text_of(take_down(running.environment.services, running.service)) == "");
    // The service counts as stopped only when the command has ended too.
    const auto ending = running.ending_of(command);
    CHECK(ending.was_stopped);
    CHECK(ending.exit_code == 128 + SIGKILL);
    CHECK_FALSE(running.has_command_groups());
    const auto refused = running.start({"true"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::conflict);
}

TEST_CASE("a shim that is killed takes its commands with it")
{
    Running running;
    auto command = running.sh("echo ready; exec sleep 1000");
    CHECK(read_line(command.output) == "ready");
    ::kill(running.environment.status_of("api").pid, SIGKILL);
    CHECK_FALSE(running.attacher.read_ending(read_all(command.control)).has_value());
    CHECK(read_all(command.output).empty());
}

TEST_CASE("a command that cannot be run says why")
{
    Running running;
    struct Case {
        std::vector<std::string> arguments;
        std::string service;
        ErrorKind kind;
        std::string words;
    };
    const Case cases[] = {
        {{"no-such-program"}, "api", ErrorKind::invalid, "no-such-program"},
        {{"/etc/passwd"}, "api", ErrorKind::invalid, "/etc/passwd"},
        {{"true"}, "worker", ErrorKind::conflict, "worker"},
    };
    for (const auto& [arguments, service, kind, words] : cases) {
        CAPTURE(words);
        const auto refused = running.start(arguments, service);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == kind);
        CHECK(refused.error().message.contains(words));
    }
    CHECK(eventually([&] { return !running.has_command_groups(); }));
}

TEST_CASE("many commands run beside one service at the same time")
{
    Running running;
    std::vector<RunningCommand> commands;
    for (int i = 0; i < 20; ++i) commands.push_back(running.sh("cat; exit " + std::to_string(i)));
    for (int i = 0; i < 20; ++i) {
        auto& command = commands[static_cast<std::size_t>(i)];
        const auto text = std::to_string(i);
        REQUIRE(::write(command.input.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        command.input.reset();
        CHECK(read_all(command.output) == text);
        CHECK(running.ending_of(command).exit_code == i);
    }
}

TEST_CASE("a connection is made to a loopback address, and refused where nobody listens")
{
    LocalMachine local;
    LocalAttacher attacher(local.machine());
    const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const auto place = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
    const auto refused = attacher.connect({}, {.part = "service/web", .address = place});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unavailable);
    REQUIRE(::listen(listening.get(), 1) == 0);
    const auto connected = attacher.connect({}, {.part = "service/web", .address = place});
    REQUIRE(connected);
    CHECK(::write(connected->get(), "x", 1) == 1);
    CHECK(attacher.connect({}, {.part = "service/web"}).error().kind == ErrorKind::conflict);
    for (const auto* odd : {"127.0.0.1", "127.0.0.1:0", "localhost:80"})
        CHECK(attacher.connect({}, {.part = "service/web", .address = odd}).error().kind == ErrorKind::internal);
}
