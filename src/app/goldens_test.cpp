#include "app/environments.hpp"
#include "app/goldens.hpp"
#include "app/previews.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using namespace std::chrono_literals;
using Copying = fakes::HouseDriver::Copying;

namespace {

constexpr std::string_view being_made = "a golden copy of db is being made";

DesiredDatabase database_of(AppHouse& house, const std::string& name)
{
    return house.desired(name).databases.front();
}

std::vector<data::Golden> copies(AppHouse& house)
{
    return must(house.goldens.list());
}

}  // namespace

TEST_CASE("a preview waits for the golden copy, is woken by its end, and pins it while it lives")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone}"}));
    house.house_driver.set_copying(Copying::takes_long);
    const auto number = house.open("feature");
    CHECK(house.row("pr-1").state == EnvironmentState::creating);
    CHECK(house.row("pr-1").reason == being_made);
    house.until_comment(number, "golden copy");

    SUBCASE("in one life of the server")
    {
        house.house_driver.set_copying(Copying::works);
    }
    SUBCASE("over a restart")
    {
        house.restart();
        house.house_driver.set_copying(Copying::works);
    }
    house.until_state("pr-1", EnvironmentState::ready);
    const auto id = database_of(house, "pr-1").golden;
    REQUIRE(copies(house).size() == 1);
    CHECK(copies(house).front().id == id);
    CHECK(copies(house).front().pins == std::vector<std::string>{house.row("pr-1").id.str()});
    CHECK(house.view("pr-1").databases.front().golden == id.str());
    CHECK(house.view("pr-1").databases.front().age_seconds.has_value());
    house.repository.close(number);
    must(house.look_at(number));
    house.until_gone("pr-1");
    CHECK(copies(house).front().pins.empty());
}

TEST_CASE("the golden copies of a base that is deleted go with it")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone}"}));
    const auto number = house.open_ready("feature");
    house.repository.close(number);
    must(house.look_at(number));
    house.until_gone("pr-1");
    REQUIRE(copies(house).size() == 1);
    must(delete_environment(*house.app, house.admin, house.name_of("staging"), ""));
    house.until_gone("staging");
    house.until([&] { return copies(house).empty(); });
}

TEST_CASE("closing a pull request that waits for a golden copy needs no end of the copy")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone}"}));
    house.house_driver.set_copying(Copying::takes_long);
    const auto number = house.open("feature");
    house.repository.close(number);
    must(house.look_at(number));
    house.until_gone("pr-1");
    house.house_driver.set_copying(Copying::works);
}

TEST_CASE("a fresh copy is shared, an old one is replaced")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone, max_age: 2h}"}));
    house.open_ready("one");
    house.open_ready("two");
    CHECK(database_of(house, "pr-1").golden == database_of(house, "pr-2").golden);
    house.clock.jump(3h);
    house.open_ready("three");
    CHECK(database_of(house, "pr-3").golden != database_of(house, "pr-1").golden);
    CHECK(copies(house).size() == 2);
    // A push keeps the data that is there.
    house.repository.push("one", {{"web/main.c", "more"}});
    must(house.look_at(1));
    house.until([&] { return house.row("pr-1").observed_generation == 2; });
    CHECK(database_of(house, "pr-1").golden == database_of(house, "pr-2").golden);
    CHECK(database_of(house, "pr-1").incarnation == 1);
}

TEST_CASE("where no copy can be made, the fall-back of the file is taken, or the preview fails with the reason")
{
    SUBCASE("with a fall-back")
    {
        AppHouse house;
        house.connect(shop_text({.data = "{strategy: clone, fallback: seed}"}));
        house.house_driver.set_copying(Copying::fails);
        const auto number = house.open("feature");
        house.until_state("pr-1", EnvironmentState::ready);
        CHECK(database_of(house, "pr-1").strategy == DataStrategy::seed);
        CHECK(database_of(house, "pr-1").golden.empty());
        // It keeps its data although a copy can be made now; a reset takes the copy.
        house.house_driver.set_copying(Copying::works);
        house.clock.jump(1min);
        house.repository.push("feature", {{"web/main.c", "more"}});
        must(house.look_at(number));
        house.until([&] { return house.row("pr-1").observed_generation == 2; });
        CHECK(database_of(house, "pr-1").strategy == DataStrategy::seed);
        must(reset_preview_data(*house.app, house.admin, house.name_of("pr-1"), "db"));
        house.until([&] { return house.row("pr-1").observed_generation == 3; });
        CHECK(database_of(house, "pr-1").strategy == DataStrategy::clone);
        CHECK(database_of(house, "pr-1").incarnation == 2);
    }
    SUBCASE("without one")
    {
        AppHouse house;
        house.connect(shop_text({.data = "{strategy: clone}"}));
        house.house_driver.set_copying(Copying::fails);
        house.open("feature");
        house.until_state("pr-1", EnvironmentState::failed);
        CHECK(house.row("pr-1").reason.find("pg_basebackup ended with code 1") != std::string::npos);
    }
}

TEST_CASE("a reset that has to wait for its copy is not forgotten, and the preview serves meanwhile")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone, max_age: 1h}"}));
    house.open_ready("feature");
    house.clock.jump(2h);
    house.house_driver.set_copying(Copying::takes_long);
    must(reset_preview_data(*house.app, house.admin, house.name_of("pr-1"), "db"));
    CHECK(house.row("pr-1").state == EnvironmentState::updating);
    CHECK(house.row("pr-1").reason == being_made);
    CHECK(house.driver.has("service/web"));
    // A wish that comes while the reason is known already is kept as well.
    must(restart_service(*house.app, house.admin, house.name_of("pr-1"), "web"));
    house.restart();
    house.house_driver.set_copying(Copying::works);
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(database_of(house, "pr-1").incarnation == 2);
    const auto desired = house.desired("pr-1");
    for (const auto& service : desired.services) CHECK(service.restarts_asked == (service.name == "web" ? 1 : 0));
    // Once is enough.
    must(redeploy_preview(*house.app, house.admin, house.name_of("pr-1")));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(database_of(house, "pr-1").incarnation == 2);
}

TEST_CASE("a new copy can be asked for at any time, of the base through its preview too")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone}"}));
    house.open_ready("feature");
    for (const std::string name : {"staging", "pr-1"}) {
        const auto before = copies(house).size();
        must(refresh_golden(*house.app, house.admin, house.name_of(name), "db"));
        house.until([&] { return copies(house).size() == before + 1; });
    }
    CHECK(!refresh_golden(*house.app, house.admin, house.name_of("staging"), "cache"));
}

TEST_CASE("a copy that can be found stays when another is asked for before its own run has ended")
{
    AppHouse house;
    house.connect(shop_text({.data = "{strategy: clone}"}));
    house.open_ready("feature");
    house.house_driver.set_copying(Copying::tidies_long);
    must(refresh_golden(*house.app, house.admin, house.name_of("staging"), "db"));
    house.until([&] { return copies(house).size() == 2; });
    const auto found = copies(house).front().id;
    must(house.goldens.pin(found, "a preview"));
    const auto newest = must(refresh_golden(*house.app, house.admin, house.name_of("staging"), "db"));
    house.house_driver.set_copying(Copying::works);
    house.until([&] {
        return must(house.engine->find_run(engine::EngineRunId(newest)))->state == engine::RunState::succeeded;
    });
    CHECK(copies(house).size() == 3);
    CHECK(must(house.goldens.find(found)).has_value());
}
