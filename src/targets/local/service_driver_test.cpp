#include "targets/local/environment_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

using namespace ramet;
using namespace ramet::targets::local;

namespace {

json::object http_health(int timeout_ms = 20'000)
{
    return {{"kind", "http"}, {"path", "/"}, {"timeout_ms", timeout_ms}};
}

json::object python_spec(std::string_view answer, json::object env = {})
{
    env["ANSWER"] = answer;
    return {{"health", http_health()}, {"env", env}};
}

/// The error of a service that never becomes ready.
Error failure_of(EnvironmentFixture& environment, engine::ResourceRef service)
{
    const auto up = bring_up(environment.services, service);
    REQUIRE_FALSE(up.has_value());
    return up.error();
}

void remove_all(EnvironmentFixture& environment, const engine::ResourceRef& service, const engine::ResourceRef& address)
{
    CHECK(text_of(take_down(environment.services, service)) == "");
    CHECK(text_of(take_down(environment.shims, address)) == "");
    CHECK(count_processes(environment.local.root().string()) == 0);
}

/// Asks without a pause from several kept connections until told to stop.
class Load {
public:
    explicit Load(int port)
    {
        for (int client = 0; client < 4; ++client) {
            threads_.emplace_back([this, port](std::stop_token stop) {
                HttpClient http(port);
                while (!stop.stop_requested()) (http.get() ? answered : failed)++;
            });
        }
    }
    void stop() { threads_.clear(); }
    std::atomic<int> answered{0};
    std::atomic<int> failed{0};

private:
    std::vector<std::jthread> threads_;
};

}  // namespace

TEST_CASE("a service answers at its stable address, as its own user, with its own view of the machine")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    const auto secret_file = environment.local.root() / "secret";
    REQUIRE(write_file(secret_file, "of another environment", 0644).has_value());
    const auto script = fmt::format(
        "id -u; id -un; pwd; ls -a {}; cat {} 2>&1; touch /tmp/mine-of-the-service $HOME/mine && echo writable; "
        "touch /etc/not-mine 2>&1 || echo closed; ls /dev/shm | wc -l; exec /usr/bin/python3 -c '{}'",
        environment.local.root().string(), secret_file.string(), "import os\nexec(os.environ[\"SERVER\"])");
    auto service = environment.service(
        "web", json::string(script),
        {{"health", http_health()}, {"env", json::object{{"SERVER", python_server}, {"ANSWER", "hello"}}}});
    const auto up = bring_up(environment.services, service);
    REQUIRE_MESSAGE(up.has_value(), text_of(up));
    CHECK(HttpClient(environment.port_of(address)).get()->starts_with("hello "));

    const auto log = last_log_lines(environment.shim_of("web"), 40);
    CAPTURE(log);
    CHECK(log.contains("writable"));
    CHECK(log.contains("closed"));
    CHECK_FALSE(std::filesystem::exists("/etc/not-mine"));
    // What is not enforced without root is said by the target's not_enforced().
    if (runs_as_root()) {
        CHECK_FALSE(log.contains("of another environment"));
        CHECK_FALSE(std::filesystem::exists("/tmp/mine-of-the-service"));
        CHECK(log.starts_with(std::to_string(environment.service_uid()) + "\napp\n"));
        CHECK(log.contains("No such file or directory"));
    }
    std::filesystem::remove("/tmp/mine-of-the-service");
    remove_all(environment, service, address);
}

TEST_CASE("a new version takes over without a failed request, and the old one ends")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    auto service = environment.service("web", python_run(), python_spec("one", {{"SLOW", "0.01"}}));
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    const int old_pid = environment.status_of("web").replicas.front().pid;

    Load load(environment.port_of(address));
    CHECK(eventually([&] { return load.answered > 20; }));
    service.spec = environment.service("web", python_run(), python_spec("two", {{"SLOW", "0.01"}})).spec;
    REQUIRE(text_of(bring_up(environment.services, service, "token-2")) == "");
    CHECK(HttpClient(environment.port_of(address)).get()->starts_with("two "));
    CHECK(eventually([&] { return identity_of_process(old_pid).value().empty(); }));
    const int before = load.answered;
    CHECK(eventually([&] { return load.answered > before + 20; }));
    load.stop();
    CHECK(load.failed == 0);
    CHECK(environment.status_of("web").replicas.size() == 1);
    remove_all(environment, service, address);
}

TEST_CASE("a version that never becomes healthy leaves the old one serving, and says why")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    auto good = environment.service("web", python_run(), python_spec("good"));
    REQUIRE(text_of(bring_up(environment.services, good)) == "");
    const int pid = environment.status_of("web").replicas.front().pid;
    Load load(environment.port_of(address));

    struct Case {
        std::string story;
        Json run;
        json::object health;
        std::string message;
        std::string evidence;
    };
    const Case cases[] = {
        {"it never listens", "echo waiting for nothing; exec sleep 60", http_health(300),
         "was not healthy within 300 ms", "waiting for nothing"},
        {"it answers with an error", json::array{"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "0"},
         http_health(300), "300 ms", ""},
        {"it crashes in a loop", "echo about to fall; exit 3", http_health(),
         "ended 5 times: the program exited with 3", "about to fall"},
        {"it is killed by a signal", "kill -SEGV $$", http_health(), "signal 11", ""},
        {"its program does not exist", json::array{"/no/such/program"}, http_health(),
         "executing /no/such/program: No such file", ""},
    };
    for (const auto& [story, run, health, message, evidence] : cases) {
        CAPTURE(story);
        auto bad = good;
        bad.spec = environment.service("web", run, {{"health", health}}).spec;
        const auto error = failure_of(environment, bad);
        CHECK_MESSAGE(error.message.contains(message), error.message);
        CHECK_MESSAGE(error.evidence.contains(evidence), error.evidence);
        CHECK(environment.status_of("web").version == version_of(good.spec));
        CHECK(environment.status_of("web").replicas.front().pid == pid);
    }
    load.stop();
    CHECK(load.failed == 0);
    // Back to the last good version, as the engine does: nothing is restarted.
    CHECK(text_of(bring_up(environment.services, good, "token-9")) == "");
    CHECK(environment.status_of("web").replicas.front().pid == pid);
    remove_all(environment, good, address);
}

TEST_CASE("recreate stops the old version first, and puts it back when the new one fails")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    auto spec = python_spec("first");
    spec["strategy"] = "recreate";
    auto service = environment.service("web", python_run(), spec);
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    const int first_pid = environment.status_of("web").replicas.front().pid;

    auto broken = service;
    broken.spec = environment.service("web", "exit 1", {{"strategy", "recreate"}, {"health", http_health()}}).spec;
    failure_of(environment, broken);
    CHECK(eventually([&] { return environment.status_of("web").state == ShimState::healthy; }));
    CHECK(HttpClient(environment.port_of(address)).get()->starts_with("first "));
    CHECK(identity_of_process(first_pid).value().empty());
    remove_all(environment, service, address);
}

TEST_CASE("replicas take turns, and one that is killed is started again while the others serve")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    auto spec = python_spec("r");
    spec["replicas"] = 3;
    auto service = environment.service("web", python_run(), spec);
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    std::set<std::string> answers;
    for (int request = 0; request < 6; ++request) answers.insert(*HttpClient(environment.port_of(address)).get());
    CHECK(answers.size() == 3);

    const int victim = environment.status_of("web").replicas.front().pid;
    ::kill(victim, SIGKILL);
    CHECK(eventually([&] {
        return environment.status_of("web").restarts == 1 && environment.status_of("web").state == ShimState::healthy;
    }));
    CHECK(environment.status_of("web").replicas.size() == 3);
    remove_all(environment, service, address);
}

TEST_CASE("a service without a port is ready once it has run for a moment, and restarts when it ends")
{
    EnvironmentFixture environment;
    auto address = environment.address("worker");
    auto service = environment.service("worker", "echo working; sleep 0.3");
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    CHECK(eventually([&] { return environment.status_of("worker").restarts >= 2; }));
    remove_all(environment, service, address);
}

TEST_CASE("whatever a service does, nothing of it outlives its removal, and that takes less than a second")
{
    EnvironmentFixture environment;
    struct Case {
        std::string story;
        std::string run;
    };
    const Case cases[] = {
        {"it ignores SIGTERM", "trap '' TERM; while :; do sleep 0.1; done"},
        {"it forks and dies",
         "(setsid sleep 1000 &) ; (setsid sh -c 'trap \"\" TERM; sleep 1000' &); sleep 0.2; exit 0"},
        {"it becomes a daemon", "setsid setsid sh -c 'sleep 1000 & sleep 1000' >/dev/null 2>&1 & sleep 0.3"},
        {"it floods its log", "while :; do echo flood flood flood flood flood flood flood; done"},
        {"it has children that ignore signals",
         "for i in 1 2 3; do sh -c 'trap \"\" TERM INT HUP; sleep 1000' & done; wait"},
    };
    for (const auto& [story, run] : cases) {
        CAPTURE(story);
        auto address = environment.address("bad");
        auto service = environment.service("bad", json::string(run));
        (void)bring_up(environment.services, service);
        CHECK(eventually([&] { return has_processes(environment.service_uid()).value(); }));
        const auto began = std::chrono::steady_clock::now();
        CHECK(text_of(take_down(environment.services, service)) == "");
        CHECK(text_of(take_down(environment.shims, address)) == "");
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(1));
        if (runs_as_root()) CHECK_FALSE(has_processes(environment.service_uid()).value());
        CHECK(is_port_free(environment.port_of(address)));
        CHECK_FALSE(std::filesystem::exists(environment.shim_of("bad")));
    }
}

TEST_CASE("a flooded log stays small on disk")
{
    EnvironmentFixture environment;
    auto address = environment.address("loud");
    auto service = environment.service("loud", "exec yes flood");
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    const auto logs = environment.shim_of("loud") / "logs";
    CHECK(eventually([&] { return std::filesystem::exists(logs / "current.log.1"); }));
    std::uintmax_t size = 0;
    for (const auto& file : std::filesystem::directory_iterator(logs)) size += file.file_size();
    CHECK(size <= (9U << 20U));
    remove_all(environment, service, address);
}

TEST_CASE("a shim outlives whoever started it, and an attempt that was killed is adopted, not doubled")
{
    EnvironmentFixture environment;
    const auto resource = environment.local.resource("local.shim", "address/web");
    auto service = environment.service("web", python_run(), python_spec("adopted"));
    // The port is given here, as the store would keep it beyond the child's death.
    REQUIRE(ensure_port(environment.local.machine(), resource).has_value());
    const pid_t child = ::fork();
    if (child == 0) {
        (void)environment.shims.apply(contract_call(), resource, engine::Token("t"));
        (void)environment.services.apply(contract_call(), service, engine::Token("t"));
        ::kill(::getpid(), SIGKILL);  // Before anything could be acknowledged.
    }
    REQUIRE(::waitpid(child, nullptr, 0) == child);

    const auto orphan = environment.status_of("web");
    auto adopted = environment.address("web");
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    CHECK(environment.status_of("web").pid == orphan.pid);
    CHECK(count_processes(environment.local.root().string()) <= 2);
    CHECK(HttpClient(environment.port_of(adopted)).get()->starts_with("adopted "));
    CHECK(environment.status_of("web").replicas.size() == 1);
    remove_all(environment, service, adopted);
}

TEST_CASE("a shim that was killed takes its service with it, and is made again at the same address")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    auto service = environment.service("web", "sh -c 'sleep 1000' & exec sleep 1000");
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    const auto before = environment.status_of("web");
    ::kill(before.pid, SIGKILL);
    CHECK(eventually([&] { return !find_shim(environment.shim_of("web")).value(); }));
    const auto seen = environment.shims.probe(contract_call(), address);
    REQUIRE(seen.has_value());
    CHECK(seen->presence == engine::Presence::ours);
    CHECK(seen->identity.empty());

    const auto again = environment.address("web");
    CHECK(again.outputs.at("port") == address.outputs.at("port"));
    CHECK(environment.status_of("web").pid != before.pid);
    REQUIRE(text_of(bring_up(environment.services, service, "token-2")) == "");
    if (runs_as_root()) CHECK(eventually([&] { return count_processes("sleep 1000") <= 2; }));
    CHECK(text_of(take_down(environment.services, service)) == "");
    CHECK(text_of(take_down(environment.shims, again)) == "");
}

TEST_CASE("a port that somebody else has taken is a clear error")
{
    EnvironmentFixture environment;
    auto resource = environment.local.resource("local.shim", "address/web");
    const int port = *ensure_port(environment.local.machine(), resource);
    environment.local.environment = "env2";
    auto other = environment.local.resource("local.home", "home");
    REQUIRE(text_of(bring_up(environment.homes, other)) == "");
    const auto taken = ensure_shim({.binary = environment.local.shim(),
                                    .directory = environment.shim_of("x"),
                                    .nonce = "n",
                                    .label = "x",
                                    .port = port});
    REQUIRE(taken.has_value());
    const auto refused = ensure_shim({.binary = environment.local.shim(),
                                      .directory = environment.shim_of("y"),
                                      .nonce = "n",
                                      .label = "y",
                                      .port = port});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::conflict);
    CHECK(refused.error().message.contains(std::to_string(port)));
    // The removal of a home ends shims that nobody remembers.
    CHECK(text_of(take_down(environment.homes, other)) == "");
    CHECK(is_port_free(port));
    environment.local.environment = "env1";
}

TEST_CASE("the memory of an idle shim is small")
{
    EnvironmentFixture environment;
    auto address = environment.address("web");
    auto service = environment.service("web", python_run(), python_spec("x"));
    REQUIRE(text_of(bring_up(environment.services, service)) == "");
    for (int request = 0; request < 100; ++request) CHECK(HttpClient(environment.port_of(address)).get());
    const auto memory = read_file(fmt::format("/proc/{}/smaps_rollup", environment.status_of("web").pid));
    if (!memory) return;  // Another user's or an undumpable process keeps its memory to itself.
    const auto at = memory->find("Pss_Anon:");
    REQUIRE(at != std::string::npos);
    CHECK(std::atoi(memory->c_str() + at + 9) < 400);
    remove_all(environment, service, address);
}
