#include "app/previews.hpp"
#include "app/views.hpp"
#include "app/work.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

TEST_CASE("a first create that fails is rolled back, says why and can be healed by a push")
{
    AppHouse house;
    house.connect();
    house.driver.break_down("service/web");
    const auto number = house.open("feature");
    house.until_state("pr-1", EnvironmentState::failed);
    const auto row = house.row("pr-1");
    CHECK(row.reason.find("service/web ended with code 1") != std::string::npos);
    house.until_comment(number, "last line of its log");
    house.until([&] { return house.gitea.status_of(row.commit) == "failure"; });
    for (const auto& [name, object] : house.driver.objects()) CHECK(object.ref.mark.owner.str() != row.id.str());
    const auto why = must(explain_environment(*house.app, house.admin, house.name_of("pr-1")));
    CHECK(why.blocking_step == "service/web");
    CHECK(why.error->evidence.find("last line of its log") != std::string::npos);
    CHECK(!why.next_steps.empty());
    house.driver.repair("service/web");
    house.repository.push("feature", {{"web/main.c", "fixed"}});
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("a create that cannot be undone says what is in the way before it says how it began")
{
    AppHouse house;
    house.connect();
    house.driver.fail("apply service/web", Error{ErrorKind::refused, "it cannot start"});
    house.driver.fail("remove data/db", Error{ErrorKind::forbidden, "it may not be removed"});
    house.open("feature");
    house.until_state("pr-1", EnvironmentState::needs_human);
    CHECK(house.row("pr-1").reason == "undoing got stuck: it may not be removed; it began with: it cannot start");
}

TEST_CASE("an update that fails degrades the preview, and what serves is named")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto good = house.row("pr-1").commit;
    house.driver.fail("apply service/web", Error{ErrorKind::refused, "it cannot start", "the-evidence"});
    const auto bad = house.repository.push("feature", {{"web/main.c", "broken"}});
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::degraded);
    CHECK(house.row("pr-1").commit == bad);
    CHECK(house.row("pr-1").observed_generation == 1);
    CHECK(house.row("pr-1").reason.find(short_sha(good)) != std::string::npos);
    CHECK(house.driver.has("service/web"));
    house.until([&] { return house.gitea.status_of(bad) == "failure"; });
    // It is not tried again by itself.
    must(house.look_at(number));
    CHECK(house.runs("pr-1").size() == 2);
    must(redeploy_preview(*house.app, house.admin, house.name_of("pr-1")));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(house.row("pr-1").reason.empty());
}

TEST_CASE("a failing base does not touch the previews that branch from it")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto before = house.row("pr-1");
    house.driver.fail("apply service/api", Error{ErrorKind::refused, "it cannot start"});
    house.repository.push("main", {{"api/main.c", "broken"}});
    must(reconcile_branch(*house.app, house.project().id, "main"));
    house.until_state("staging", EnvironmentState::degraded);
    CHECK(house.row("pr-1") == before);
}

TEST_CASE("a run that is cancelled leaves what was there before")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    house.driver.block("service/web");
    house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    const auto run = house.runs("pr-1").front();
    CHECK(house.row("pr-1").state == EnvironmentState::updating);
    must(house.engine->cancel(run.id));
    house.driver.release("service/web");
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(house.row("pr-1").reason == "the last deployment was cancelled");
}

TEST_CASE("what is to be done next is a command that this environment takes")
{
    AppHouse house;
    house.connect();
    house.driver.break_down("service/web");
    house.open("feature");
    house.until_state("pr-1", EnvironmentState::failed);
    const auto taken_back = must(explain_environment(*house.app, house.admin, house.name_of("pr-1")));
    CHECK(taken_back.next_steps == std::vector<std::string>{"push a fix, or: ramet preview redeploy pr-1"});
    house.driver.repair("service/web");
    house.driver.fail("apply service/api", Error{ErrorKind::refused, "it cannot start"});
    house.repository.push("main", {{"api/main.c", "broken"}});
    must(reconcile_branch(*house.app, house.project().id, "main"));
    house.until_state("staging", EnvironmentState::degraded);
    const auto base = must(explain_environment(*house.app, house.admin, house.name_of("staging")));
    REQUIRE(!base.next_steps.empty());
    CHECK(base.next_steps.back() == "push a fix, or: ramet apply -f ramet.yaml --env staging");
}

TEST_CASE("a repository that does not answer is told where its preview is asked about, and heals by itself")
{
    AppHouse house;
    house.connect();
    house.repository.push("feature", {{"web/main.c", "first"}});
    const auto number = house.repository.open("feature", "alice");
    house.git.go_silent();
    CHECK(house.look_at(number).error().kind == ErrorKind::unavailable);
    const auto row = house.row("pr-1");
    CHECK(row.state == EnvironmentState::creating);
    CHECK(row.reason == "it is tried again: the repository does not answer");
    const auto why = must(explain_environment(*house.app, house.admin, house.name_of("pr-1")));
    CHECK(why.reason == row.reason);
    CHECK_FALSE(house.look_at(number).has_value());
    CHECK(house.row("pr-1") == row);
    house.git.answer_again();
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(house.row("pr-1").reason.empty());
}

TEST_CASE("while nothing can be written, what waits for that says so")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    auto row = house.row("pr-1");
    const auto reason_as = [&](EnvironmentState state, const std::string& reason) {
        row.state = state;
        row.reason = reason;
        return reason_of(*house.app, row);
    };
    house.until([&] {
        (void)house.app->stores.database.write(
            [](storage::Transaction&) -> Result<void> { return fail(ErrorKind::unavailable, "the disk is full"); });
        return reason_as(EnvironmentState::deleting, "") == "nothing can be written: the disk is full";
    });
    CHECK(reason_as(EnvironmentState::deleting, "its own").starts_with("its own"));
    CHECK(reason_as(EnvironmentState::ready, "").empty());
    must(house.app->stores.database.write([](storage::Transaction&) -> Result<void> { return {}; }));
    CHECK(reason_as(EnvironmentState::deleting, "").empty());
    house.app->troubles->remember(environment_key(row.id), "a disk does not answer");
    CHECK(reason_as(EnvironmentState::deleting, "") == "it is tried again: a disk does not answer");
    CHECK(reason_as(EnvironmentState::ready, "").empty());
    work_on(*house.app, environment_key(row.id));
    CHECK(reason_as(EnvironmentState::deleting, "").empty());
}

TEST_CASE("a removal that cannot be completed says what forbids it, whatever that is, until it can")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto goldens = data::StorePaths{house.directory.path()}.goldens();
    std::filesystem::create_directories(goldens);
    std::filesystem::rename(goldens, house.directory / "away");
    std::filesystem::create_symlink("goldens", goldens);
    must(delete_preview(*house.app, house.admin, house.name_of("pr-1")));
    house.until([&] { return house.view("pr-1").environment.reason.contains("Too many levels of symbolic links"); });
    CHECK(house.row("pr-1").state == EnvironmentState::deleting);
    const auto why = must(explain_environment(*house.app, house.admin, house.name_of("pr-1")));
    CHECK(why.reason.starts_with("it is tried again: "));
    std::filesystem::remove(goldens);
    std::filesystem::rename(house.directory / "away", goldens);
    work_on(*house.app, environment_key(house.row("pr-1").id));
    house.until_gone("pr-1");
}
