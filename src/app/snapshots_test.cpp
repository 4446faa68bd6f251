#include "app/snapshots.hpp"

#include "app/previews.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using namespace std::chrono_literals;
using Copying = fakes::HouseDriver::Copying;

namespace {

SnapshotName of(AppHouse& house, const std::string& snapshot = {}, const std::string& environment = "pr-1")
{
    return {house.name_of(environment), "db", snapshot};
}

engine::RunView wait_for_run(AppHouse& house, const std::string& id)
{
    return must(house.engine->wait(engine::EngineRunId(id), patience));
}

void must_keep(AppHouse& house, const std::string& name)
{
    const auto started = must(make_snapshot(*house.app, house.admin, of(house, name)));
    CHECK(wait_for_run(house, started.run).state == engine::RunState::succeeded);
}

std::vector<std::string> names(AppHouse& house)
{
    std::vector<std::string> found;
    for (const auto& view : must(list_snapshots(*house.app, house.admin, of(house)))) found.push_back(view.name);
    std::ranges::sort(found);
    return found;
}

DesiredDatabase database_of(AppHouse& house)
{
    return house.desired("pr-1").databases.front();
}

template <typename T>
void check_fails(const Result<T>& result, ErrorKind kind, const std::string& words)
{
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == kind);
    CHECK_MESSAGE(result.error().message.contains(words), result.error().message);
}

}  // namespace

TEST_CASE("a snapshot is one more thing of the preview, and changes nothing else")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto before = house.row("pr-1");
    const auto started = must(make_snapshot(*house.app, house.admin, of(house, "first")));
    CHECK(started.name == "first");
    CHECK_FALSE(started.method.empty());
    const auto run = wait_for_run(house, started.run);
    CHECK(run.state == engine::RunState::succeeded);
    for (const auto& step : run.steps)
        CHECK((step.action == engine::StepAction::keep) == (step.path != "snapshot/db/first"));
    const auto after = house.row("pr-1");
    CHECK(after.state == EnvironmentState::ready);
    CHECK(after.commit == before.commit);
    CHECK(after.desired_generation == before.desired_generation + 1);
    const auto views = must(list_snapshots(*house.app, house.admin, of(house)));
    REQUIRE(views.size() == 1);
    CHECK(views.front().method == "reflink");
    CHECK(views.front().size_bytes == 100);
    CHECK_FALSE(views.front().private_bytes.has_value());
    CHECK_FALSE(views.front().is_restored);
    CHECK(std::ranges::count(house.audited(), "database.snapshot pr-1/db") == 1);
    must_keep(house, "");
    CHECK(names(house).front().size() == std::string_view("yyyymmdd-hhmmss").size());
}

TEST_CASE("a push, a restore and a reset keep the snapshots, and the preview's end takes them")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone}"}));
    const auto number = house.open_ready("feature");
    must_keep(house, "first");
    const auto born = database_of(house);
    wait_for_run(house, must(restore_snapshot(*house.app, house.admin, of(house, "first"))));
    house.until_state("pr-1", EnvironmentState::ready);
    auto database = database_of(house);
    CHECK(database.snapshot.name == "first");
    CHECK(database.incarnation == born.incarnation + 1);
    CHECK(database.golden.empty());
    CHECK(house.view("pr-1").databases.front().snapshot == "first");
    CHECK(must(list_snapshots(*house.app, house.admin, of(house))).front().is_restored);
    for (const auto& service : house.desired("pr-1").services)
        CHECK(service.restarts_asked == (service.name == "api" ? 1 : 0));

    house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(database_of(house) == database);
    CHECK(names(house) == std::vector<std::string>{"first"});

    wait_for_run(house, must(reset_preview_data(*house.app, house.admin, house.name_of("pr-1"), "db")));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(database_of(house).snapshot == DataSnapshot{});
    CHECK_FALSE(database_of(house).golden.empty());
    CHECK(names(house) == std::vector<std::string>{"first"});

    house.repository.close(number);
    must(house.look_at(number));
    house.until_gone("pr-1");
    const auto receipt = to_text(must(get_receipt(*house.app, house.admin, house.name_of("pr-1"))));
    CHECK(receipt.contains("snapshot/db/first"));
}

TEST_CASE("a deleted snapshot is gone, and its name is free again")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    must_keep(house, "first");
    must_keep(house, "second");
    const auto run = wait_for_run(house, must(remove_snapshot(*house.app, house.admin, of(house, "first"))));
    CHECK(run.state == engine::RunState::succeeded);
    CHECK(names(house) == std::vector<std::string>{"second"});
    CHECK(house.row("pr-1").state == EnvironmentState::ready);
    must_keep(house, "first");
    CHECK(names(house).size() == 2);
    CHECK(std::ranges::count(house.audited(), "database.snapshot.delete pr-1/db") == 1);
}

TEST_CASE("a restore that was undone is forgotten, also when its snapshot is deleted then")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    must_keep(house, "first");
    const auto born = database_of(house);
    house.driver.fail("apply service/api", Error{ErrorKind::invalid, "it does not start"});
    const auto run = wait_for_run(house, must(restore_snapshot(*house.app, house.admin, of(house, "first"))));
    CHECK(run.state == engine::RunState::rolled_back);
    house.until_state("pr-1", EnvironmentState::degraded);
    CHECK_FALSE(must(list_snapshots(*house.app, house.admin, of(house))).front().is_restored);
    wait_for_run(house, must(remove_snapshot(*house.app, house.admin, of(house, "first"))));
    CHECK(house.row("pr-1").state == EnvironmentState::degraded);
    house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(database_of(house) == born);
}

TEST_CASE("a snapshot that cannot be made leaves the preview as it was")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    house.house_driver.set_copying(Copying::fails);
    const auto started = must(make_snapshot(*house.app, house.admin, of(house, "first")));
    CHECK(wait_for_run(house, started.run).state == engine::RunState::rolled_back);
    CHECK(house.row("pr-1").state == EnvironmentState::ready);
    CHECK(names(house).empty());
}

TEST_CASE("a push while a snapshot is being made takes it along, and another snapshot has to wait")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    house.house_driver.set_copying(Copying::takes_long);
    const auto started = must(make_snapshot(*house.app, house.admin, of(house, "first")));
    check_fails(make_snapshot(*house.app, house.admin, of(house, "second")), ErrorKind::conflict, started.run);
    house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    CHECK(wait_for_run(house, started.run).state == engine::RunState::superseded);
    house.house_driver.set_copying(Copying::works);
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(names(house) == std::vector<std::string>{"first"});
}

TEST_CASE("what cannot be is refused in words")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    for (std::size_t index = 0; index < most_snapshots; ++index) must_keep(house, fmt::format("s-{}", index));
    const Caller stranger{"mallory", Role::admin, "elsewhere"};
    auto unknown = of(house, "s-0");
    unknown.database = "none";
    struct Case {
        std::string story;
        Caller caller;
        SnapshotName name;
        ErrorKind kind;
        std::string words;
    };
    const Case cases[] = {
        {"one too many", house.admin, of(house, "more"), ErrorKind::refused, "10 snapshots"},
        {"taken", house.admin, of(house, "s-0"), ErrorKind::conflict, "already"},
        {"upper case", house.admin, of(house, "S"), ErrorKind::invalid, "cannot be the name"},
        {"a path", house.admin, of(house, "../x"), ErrorKind::invalid, "cannot be the name"},
        {"too long", house.admin, of(house, std::string(41, 'a')), ErrorKind::invalid, "cannot be the name"},
        {"a base", house.admin, of(house, "x", "staging"), ErrorKind::refused, "is a base"},
        {"no such database", house.admin, unknown, ErrorKind::not_found, "no database none"},
        {"another project's", stranger, of(house, "x"), ErrorKind::not_found, ""},
    };
    for (const auto& [story, caller, name, kind, words] : cases) {
        CAPTURE(story);
        check_fails(make_snapshot(*house.app, caller, name), kind, words);
    }
    const auto absent = of(house, "absent");
    check_fails(restore_snapshot(*house.app, house.admin, absent), ErrorKind::not_found, "no snapshot absent");
    check_fails(remove_snapshot(*house.app, house.admin, absent), ErrorKind::not_found, "no snapshot absent");
    check_fails(restore_snapshot(*house.app, house.admin, of(house, "x", "staging")), ErrorKind::refused, "is a base");
    CHECK(names(house).size() == most_snapshots);
}
