#include "targets/local/job_driver.hpp"

#include "targets/local/environment_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

using namespace ramet;
using namespace ramet::targets::local;

namespace {

struct JobFixture {
    EnvironmentFixture environment{};
    JobDriver jobs{environment.local.machine()};

    engine::ResourceRef job(std::string_view run, std::string_view once = "1", json::object more = {}) const
    {
        json::object spec{
            {"run", run}, {"once", once}, {"uid", environment.home.outputs.at("service_uid")}, {"timeout_ms", 60'000}};
        for (const auto& [key, value] : more) spec[key] = value;
        return environment.local.resource("local.job", "job/migrate", spec);
    }
    std::string counted() const
    {
        return read_file(environment.local.root() / "environments/env1/home/count").value_or("");
    }
};

}  // namespace

TEST_CASE("a job runs once per key, however often it is applied")
{
    JobFixture fixture;
    auto job = fixture.job("echo run >> $HOME/count");
    for (const auto* token : {"1", "1", "2"}) CHECK(text_of(bring_up(fixture.jobs, job, token)) == "");
    CHECK(fixture.counted() == "run\n");
    job.spec = fixture.job("echo again >> $HOME/count", "2").spec;
    CHECK(text_of(bring_up(fixture.jobs, job, "3")) == "");
    CHECK(fixture.counted() == "run\nagain\n");
    CHECK(fixture.jobs.classify_change(fixture.job("a", "1").spec, fixture.job("b", "1").spec) ==
          engine::Driver::Change::keep);
    CHECK(fixture.jobs.classify_change(fixture.job("a", "1").spec, fixture.job("a", "2").spec) ==
          engine::Driver::Change::update);
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
}

TEST_CASE("a seed job that would fill nothing new is not run again")
{
    const auto once = [](std::string_view moment, std::string_view environment, json::object data) {
        return json::object{
            {"once", json::object{{"moment", moment}, {"environment", environment}, {"data", std::move(data)}}}};
    };
    const auto before = once("seed", "e", {{"db", "/one"}, {"other", "/two"}});
    struct Case {
        std::string story;
        Json wanted;
        engine::Driver::Change change;
    };
    using Change = engine::Driver::Change;
    const Case cases[] = {
        {"one was put back to a snapshot", once("seed", "e", {{"other", "/two"}}), Change::keep},
        {"the other was reset beside it", once("seed", "e", {{"other", "/three"}}), Change::update},
        {"a new one", once("seed", "e", {{"db", "/one"}, {"other", "/two"}, {"third", "/t"}}), Change::update},
        {"of another environment", once("seed", "f", {{"other", "/two"}}), Change::update},
        {"no seed", once("before-start", "e", {{"other", "/two"}}), Change::update},
    };
    JobFixture fixture;
    for (const auto& [story, wanted, change] : cases) {
        CAPTURE(story);
        CHECK(fixture.jobs.classify_change(before, wanted) == change);
    }
}

TEST_CASE("a required job that fails gives its last lines, is not repeated by the same request, and is by the next")
{
    JobFixture fixture;
    auto job = fixture.job("echo run >> $HOME/count; for i in $(seq 30); do echo line $i; done; exit 5");
    for (const auto* token : {"1", "1"}) {
        const auto up = bring_up(fixture.jobs, job, token);
        REQUIRE_FALSE(up.has_value());
        CHECK(up.error().message.contains("job/migrate exited with 5"));
        CHECK(up.error().evidence.starts_with("line 11\n"));
        CHECK(up.error().evidence.ends_with("line 30"));
    }
    CHECK(fixture.counted() == "run\n");
    CHECK_FALSE(bring_up(fixture.jobs, job, "2").has_value());
    CHECK(fixture.counted() == "run\nrun\n");
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
}

TEST_CASE("a job that is not required is ready with a note when it fails")
{
    JobFixture fixture;
    auto job = fixture.job("exit 1", "1", {{"required", false}});
    CHECK(text_of(bring_up(fixture.jobs, job)) == "");
    CHECK(job.outputs.at("note").contains("exited with 1"));
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
}

TEST_CASE("a job that never ends is ended with all that it started")
{
    JobFixture fixture;
    auto job = fixture.job("trap '' TERM; (setsid sleep 1000 &); echo waiting; sleep 1000", "1", {{"timeout_ms", 300}});
    const auto up = bring_up(fixture.jobs, job);
    REQUIRE_FALSE(up.has_value());
    CHECK(up.error().kind == ErrorKind::timeout);
    CHECK(up.error().message.contains("took longer than 300ms"));
    CHECK(up.error().evidence == "waiting");
    if (runs_as_root()) CHECK_FALSE(has_processes(fixture.environment.service_uid()).value());

    job.spec = fixture.job("sleep 1000", "2").spec;
    REQUIRE(fixture.jobs.apply(contract_call(), job, engine::Token("2")).has_value());
    CHECK(std::holds_alternative<engine::NotYet>(*fixture.jobs.await(contract_call(), job)));
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
    if (runs_as_root()) CHECK_FALSE(has_processes(fixture.environment.service_uid()).value());
}

TEST_CASE("a job whose result cannot be written waits until it can, and says so")
{
    JobFixture fixture;
    auto job = fixture.job("while [ ! -e $HOME/go ]; do sleep 0.01; done; exit 5");
    const auto acknowledged = fixture.jobs.apply(contract_call(), job, engine::Token("1"));
    REQUIRE(acknowledged.has_value());
    const auto home = fixture.environment.local.root() / "environments/env1/home";
    const auto runs = names_in(acknowledged->external_id);
    REQUIRE(runs.has_value());
    const auto run = std::ranges::find_if(*runs, [](const auto& name) { return name.starts_with("run-"); });
    REQUIRE(run != runs->end());
    const auto in_its_way = Path(acknowledged->external_id) / *run / "result.new";
    REQUIRE(ensure_directory(in_its_way, 0700).has_value());
    REQUIRE(write_file(home / "go", "").has_value());
    const auto says = [&](std::string_view word) {
        const auto seen = fixture.jobs.await(contract_call(), job);
        const auto* waits = seen ? std::get_if<engine::NotYet>(&*seen) : nullptr;
        return waits != nullptr && waits->reason.contains(word);
    };
    REQUIRE(eventually([&] { return says("its result cannot be written: Is a directory"); }));
    REQUIRE(remove_tree(in_its_way).has_value());
    const auto up = bring_up(fixture.jobs, job);
    REQUIRE_FALSE(up.has_value());
    CHECK(up.error().message.contains("job/migrate exited with 5"));
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
}

TEST_CASE("a job goes on while nobody watches, and its end is found afterwards")
{
    JobFixture fixture;
    auto job = fixture.job("sleep 0.2; echo run >> $HOME/count");
    const pid_t child = ::fork();
    if (child == 0) {
        (void)fixture.jobs.apply(contract_call(), job, engine::Token("1"));
        ::kill(::getpid(), SIGKILL);
    }
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(text_of(bring_up(fixture.jobs, job, "1")) == "");
    CHECK(fixture.counted() == "run\n");
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
}

TEST_CASE("secrets reach a job by its environment and by nothing that others can read")
{
    JobFixture fixture;
    fixture.environment.local.secrets.values["s1"] = "very-secret-value";
    auto job = fixture.job(
        "case \"$TOKEN\" in 'x very-'*'-value') sleep 0.2 ;; *) exit 1 ;; esac", "1",
        {{"env", json::object{{"TOKEN", json::object{{"$concat", json::array{"x ", json::object{{"$secret", "s1"},
                                                                                                {"version", 1}}}}}}}}});
    REQUIRE(fixture.jobs.apply(contract_call(), job, engine::Token("1")).has_value());
    CHECK(count_processes("very-secret-value") == 0);
    CHECK(await_ready(fixture.jobs, job).has_value());
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(fixture.environment.local.root() / "environments")) {
        if (!file.is_regular_file()) continue;
        CAPTURE(file.path().string());
        CHECK_FALSE(read_file(file.path()).value_or("").contains("very-secret-value"));
    }
    auto missing =
        fixture.job("true", "2", {{"env", json::object{{"TOKEN", json::object{{"$secret", "gone"}, {"version", 1}}}}}});
    const auto up = bring_up(fixture.jobs, missing, "2");
    REQUIRE_FALSE(up.has_value());
    CHECK(up.error().message.contains("variable TOKEN"));
    CHECK(text_of(take_down(fixture.jobs, job)) == "");
}
