#include "targets/local/build_driver.hpp"

#include "targets/local/environment_fixture.hpp"
#include "targets/local/git_repository_fixture.hpp"

#include <sys/stat.h>

using namespace ramet;
using namespace ramet::targets::local;
using testing::check_driver_contract;
using testing::presence_of;

namespace {

struct BuildFixture {
    LocalMachine local{};
    GitRepositoryFixture repository{};
    BuildDriver builds{local.machine()};

    /// A build of the repository's `app` as it is now.
    engine::ResourceRef resource(Json command, std::string service = "app")
    {
        const auto commit = repository.commit();
        auto mirror = *GitMirror::open({.root = local.root() / "mirrors", .url = repository.url()});
        REQUIRE(mirror.fetch("refs/heads/main").has_value());
        Build build{.context = "app"};
        if (command.is_string()) build.command = ProjectCommand(std::string(command.as_string()));
        const auto hash = input_hash(mirror, commit, build, {});
        REQUIRE(hash.has_value());
        return local.resource("local.build", "build/" + service,
                              json::object{{"repository", repository.url()},
                                           {"commit", commit.str()},
                                           {"context", "app"},
                                           {"command", std::move(command)},
                                           {"input_hash", *hash}});
    }
    int leftovers() const
    {
        int count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(local.root() / "builds" / ".work"))
            if (!entry.path().filename().string().starts_with("lock-")) ++count;
        return count;
    }
};

Error failure_of(BuildDriver& builds, engine::ResourceRef resource)
{
    const auto up = bring_up(builds, resource);
    REQUIRE_FALSE(up.has_value());
    return up.error();
}

}  // namespace

TEST_CASE("a build keeps the contract of drivers")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    check_driver_contract(
        {fixture.builds, fixture.resource("cp in.txt out.txt"), {"artefact", "directory", "input_hash", "log"}});
}

TEST_CASE("a build runs as an unprivileged user with a clean environment, and its artefact is read only")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto resource = fixture.resource("id -u; env; ls -a ..; touch $HOME/x $TMPDIR/x; (setsid sleep 1000 &); cp in.txt "
                                     "out.txt; chmod 4755 out.txt; echo built");
    ::setenv("RAMET_TEST_LEAK", "leak", 1);
    const auto up = bring_up(fixture.builds, resource);
    ::unsetenv("RAMET_TEST_LEAK");
    REQUIRE_MESSAGE(up.has_value(), text_of(up));
    const Path directory = resource.outputs.at("directory");
    CHECK(read_file(directory / "out.txt") == "in");
    struct stat status{};
    REQUIRE(::stat((directory / "out.txt").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0555);
    CHECK(status.st_uid == ::geteuid());
    const auto log = read_file(resource.outputs.at("log"));
    REQUIRE(log.has_value());
    CHECK(log->contains(" built\n"));
    CHECK_FALSE(log->contains("leak"));
    CHECK_FALSE(log->contains(".git"));
    if (runs_as_root()) CHECK_FALSE(log->contains("Z 0 0\n"));
    CHECK(count_processes("sleep 1000") == 0);
    CHECK(fixture.leftovers() == 0);
    CHECK(fixture.local.allocations.size() == 0);
    CHECK(take_down(fixture.builds, resource).has_value());
}

TEST_CASE("what an interrupted end of a build has left goes with the next commit, and with the environment")
{
    for (const bool is_pushed_to : {true, false}) {
        CAPTURE(is_pushed_to);
        BuildFixture fixture;
        fixture.repository.write("app/in.txt", "first");
        auto resource = fixture.resource("sleep 1000");
        REQUIRE(fixture.builds.apply({}, resource, engine::Token("t")).has_value());
        const auto work = fixture.local.root() / "builds" / ".work" / get_string(resource.spec, "input_hash");
        REQUIRE(stop_shim(work / "shim", {.signal = SIGKILL, .grace = Milliseconds(0)}).has_value());
        REQUIRE(testing::eventually([&] { return !find_shim(work / "shim").value(); }));
        REQUIRE(sweep_shim(work / "shim").has_value());
        REQUIRE(remove_tree(work / "shim").has_value());
        if (is_pushed_to) {
            fixture.repository.write("app/in.txt", "second");
            resource.spec = fixture.resource("cp in.txt out.txt").spec;
            const auto up = bring_up(fixture.builds, resource);
            REQUIRE_MESSAGE(up.has_value(), text_of(up));
        } else {
            CHECK(take_down(fixture.builds, resource).has_value());
        }
        CHECK(fixture.leftovers() == 0);
        CHECK(fixture.local.allocations.size() == 0);
        CHECK(count_processes("sleep 1000") == 0);
        if (is_pushed_to) CHECK(take_down(fixture.builds, resource).has_value());
    }
}

TEST_CASE("an artefact that cannot be looked at is not built again beside itself")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto resource = fixture.resource("cp in.txt out.txt");
    REQUIRE(bring_up(fixture.builds, resource).has_value());
    const auto artefact = fixture.local.root() / "builds" / get_string(resource.spec, "input_hash");
    std::filesystem::rename(artefact, fixture.local.root() / "away");
    std::filesystem::create_symlink(artefact.filename(), artefact);
    CHECK_FALSE(fixture.builds.apply({}, resource, engine::Token("t")).has_value());
    CHECK_FALSE(fixture.builds.await({}, resource).has_value());
    CHECK(fixture.leftovers() == 0);
    std::filesystem::remove(artefact);
    std::filesystem::rename(fixture.local.root() / "away", artefact);
    const auto up = bring_up(fixture.builds, resource);
    REQUIRE_MESSAGE(up.has_value(), text_of(up));
    CHECK(take_down(fixture.builds, resource).has_value());
}

TEST_CASE("an end of a build that was cut off behind the move of its tree goes on there, and one that lost its tree "
          "builds again")
{
    for (const bool is_lost : {false, true}) {
        CAPTURE(is_lost);
        BuildFixture fixture;
        fixture.repository.write("app/in.txt", "in");
        auto resource = fixture.resource("cp in.txt out.txt");
        REQUIRE(fixture.builds.apply({}, resource, engine::Token("t")).has_value());
        const auto builds = fixture.local.root() / "builds" / ".work";
        const auto hash = get_string(resource.spec, "input_hash");
        REQUIRE(testing::eventually([&] { return find_task_result(builds / hash / "shim")->has_value(); }));
        if (is_lost) {
            REQUIRE(remove_tree(builds / hash / "tree").has_value());
        } else {
            REQUIRE(ensure_directory(builds / (hash + ".finished")).has_value());
            std::filesystem::rename(builds / hash / "tree", builds / (hash + ".finished") / "tree");
        }
        const auto up = bring_up(fixture.builds, resource);
        REQUIRE_MESSAGE(up.has_value(), text_of(up));
        CHECK(read_file(Path(resource.outputs.at("directory")) / "out.txt") == "in");
        CHECK(fixture.leftovers() == 0);
        CHECK(take_down(fixture.builds, resource).has_value());
    }
}

TEST_CASE("a reference whose writing was cut off is none, and goes with the build")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto resource = fixture.resource("cp in.txt out.txt");
    REQUIRE(bring_up(fixture.builds, resource).has_value());
    const auto references = fixture.local.root() / "builds" / ".references";
    const auto written = names_in(references).value();
    REQUIRE(written.size() == 1);
    std::filesystem::copy_file(references / written[0], references / fmt::format(".{}.0123456789ab", written[0]));
    CHECK(fixture.builds.inventory({}, resource.mark.install)->size() == 1);
    CHECK(take_down(fixture.builds, resource).has_value());
    CHECK(names_in(references).value().empty());
}

TEST_CASE("the same inputs are built once, for another environment and another commit too")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto first = fixture.resource("date +%N > out.txt");
    REQUIRE(text_of(bring_up(fixture.builds, first)) == "");
    fixture.repository.write("elsewhere.txt", "not an input");
    fixture.local.environment = "env2";
    auto second = fixture.resource("date +%N > out.txt");
    REQUIRE(text_of(bring_up(fixture.builds, second)) == "");
    CHECK(first.spec.at("commit") != second.spec.at("commit"));
    CHECK(first.outputs.at("artefact") == second.outputs.at("artefact"));
    CHECK(fixture.builds.classify_change(first.spec, second.spec) == engine::Driver::Change::keep);

    // Nobody's removal takes away what somebody still refers to, or may want again soon.
    const auto later =
        std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()) + std::chrono::hours(1);
    CHECK(take_down(fixture.builds, first).has_value());
    CHECK(fixture.builds.collect(later) == 0);
    CHECK(take_down(fixture.builds, second).has_value());
    CHECK(std::filesystem::exists(second.outputs.at("artefact")));
    CHECK(fixture.builds.collect(Time{}) == 0);
    CHECK(fixture.builds.collect(later) == 1);
    CHECK_FALSE(std::filesystem::exists(second.outputs.at("artefact")));
}

TEST_CASE("two environments that want the same artefact at the same time wait for one build")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto first = fixture.resource("echo once >> /tmp/../tmp/count; sleep 0.3; cp /tmp/count out.txt");
    auto second = first;
    second.mark.owner = engine::OwnerId("env2");
    REQUIRE(fixture.builds.apply(contract_call(), first, engine::Token("1")).has_value());
    REQUIRE(fixture.builds.apply(contract_call(), second, engine::Token("2")).has_value());
    CHECK(std::holds_alternative<engine::NotYet>(*fixture.builds.await(contract_call(), second)));
    // The first one loses interest: the build goes on for the other.
    CHECK(take_down(fixture.builds, first).has_value());
    const auto outputs = await_ready(fixture.builds, second);
    REQUIRE(outputs.has_value());
    CHECK(read_file(Path(outputs->at("directory")) / "out.txt") == "once\n");
    CHECK(take_down(fixture.builds, second).has_value());
}

TEST_CASE(
    "a build that fails, never ends or cannot start says so with its last lines, and the next attempt begins anew")
{
    BuildFixture fixture;
    struct Case {
        std::string story;
        Json command;
        int timeout_ms;
        std::string message, evidence;
    };
    const Case cases[] = {
        {"it fails", "echo the reason; exit 7", 60'000, "the build's command exited with 7", "the reason"},
        {"it never ends", "echo begun; sleep 1000", 300, "took longer than it may", "begun"},
        {"it cannot start", json::array{"/no/such/tool"}, 60'000, "could not be started: executing /no/such/tool", ""},
    };
    for (const auto& [story, command, timeout_ms, message, evidence] : cases) {
        CAPTURE(story);
        fixture.repository.write("app/in.txt", story);
        auto resource = fixture.resource(command);
        resource.spec.as_object()["timeout_ms"] = timeout_ms;
        for (int attempt = 0; attempt < 2; ++attempt) {
            const auto error = failure_of(fixture.builds, resource);
            CHECK_MESSAGE(error.message.contains(message), error.message);
            CHECK_MESSAGE(error.evidence.contains(evidence), error.evidence);
        }
        CHECK(take_down(fixture.builds, resource).has_value());
        CHECK(fixture.leftovers() == 0);
        CHECK(count_processes(fixture.local.root().string()) == 0);
    }
}

TEST_CASE("a build that nobody waits for any more is ended with all that it started")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto resource = fixture.resource("setsid sh -c 'trap \"\" TERM; sleep 1000' & trap '' TERM; sleep 1000");
    REQUIRE(fixture.builds.apply(contract_call(), resource, engine::Token("1")).has_value());
    CHECK(eventually([&] {
        return count_processes("sleep\0001000") >= 0 &&
               find_shim(fixture.local.root() / "builds/.work" /
                         std::string(resource.spec.at("input_hash").as_string()) / "shim")
                   .value()
                   .has_value();
    }));
    const auto began = std::chrono::steady_clock::now();
    CHECK(text_of(take_down(fixture.builds, resource)) == "");
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(1));
    CHECK(fixture.leftovers() == 0);
    CHECK(fixture.local.allocations.size() == 0);
}

TEST_CASE("a tree that needs no command is ready at once")
{
    BuildFixture fixture;
    fixture.repository.write("app/in.txt", "in");
    auto resource = fixture.resource(nullptr);
    REQUIRE(text_of(bring_up(fixture.builds, resource)) == "");
    CHECK(read_file(Path(resource.outputs.at("directory")) / "in.txt") == "in");
    CHECK(fixture.leftovers() == 0);
    CHECK(take_down(fixture.builds, resource).has_value());
}

TEST_CASE("an input hash that is no hash never becomes a path")
{
    BuildFixture fixture;
    for (const std::string_view hash : {"", "..", "../../etc", "a/b", "zz"}) {
        CAPTURE(hash);
        const auto resource = fixture.local.resource("local.build", "build/app", json::object{{"input_hash", hash}});
        CHECK_FALSE(fixture.builds.apply(contract_call(), resource, engine::Token("1")).has_value());
    }
}
