#include "app/previews.hpp"
#include "app/work.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using namespace std::chrono_literals;

namespace {

/// Two generations of pr-1, the second one ready.
std::int64_t two_generations(AppHouse& house)
{
    const auto number = house.open_ready("feature");
    house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    house.until([&] {
        return house.row("pr-1").observed_generation == 2 && house.row("pr-1").state == EnvironmentState::ready;
    });
    return number;
}

void end_expired(AppHouse& house)
{
    for (const auto& row : must(house.stores->environments.list_expired(house.clock.now())))
        house.work->add(expiry_key(row.id));
}

}  // namespace

TEST_CASE("a redeployment runs although nothing changed")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto run = must(redeploy_preview(*house.app, house.admin, house.name_of("pr-1")));
    CHECK(!run.empty());
    house.until([&] { return house.row("pr-1").observed_generation == 2; });
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("a rollback goes to the last good commit, and the head that was left is not deployed again by itself")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto first = house.row("pr-1").commit;
    const auto second = house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    house.until([&] { return house.row("pr-1").observed_generation == 2; });
    must(roll_back_preview(*house.app, house.admin, house.name_of("pr-1")));
    house.until([&] { return house.row("pr-1").observed_generation == 3; });
    for (int i = 0; i < 2; ++i) must(house.look_at(number));
    CHECK(house.row("pr-1").commit == first);
    CHECK(house.desired("pr-1").commit == first);
    CHECK(house.runs("pr-1").size() == 3);

    SUBCASE("a newer one is")
    {
        const auto third = house.repository.push("feature", {{"web/main.c", "third"}});
        must(house.look_at(number));
        CHECK(house.row("pr-1").commit == third);
    }
    SUBCASE("and so is the same one when a person asks")
    {
        must(redeploy_preview(*house.app, house.admin, house.name_of("pr-1")));
        CHECK(house.row("pr-1").commit == second);
    }
    SUBCASE("also after a restart")
    {
        house.restart();
        must(house.look_at(number));
        CHECK(house.row("pr-1").commit == first);
    }
}

TEST_CASE("without an earlier deployment that succeeded there is nothing to roll back to")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto rolled = roll_back_preview(*house.app, house.admin, house.name_of("pr-1"));
    REQUIRE(!rolled);
    CHECK(rolled.error().kind == ErrorKind::conflict);
}

TEST_CASE("a preview ends when its time is over, unless it is pinned or was given more")
{
    struct Case {
        std::string story;
        void (*act)(AppHouse&);
        bool ends;
    };
    const Case cases[] = {
        {"left alone", [](AppHouse&) {}, true},
        {"extended", [](AppHouse& house) { must(extend_preview(*house.app, house.admin, house.name_of("pr-1"), 24h)); },
         false},
        {"pinned", [](AppHouse& house) { must(pin_preview(*house.app, house.admin, house.name_of("pr-1"), true)); },
         false},
        {"pinned and unpinned",
         [](AppHouse& house) {
             must(pin_preview(*house.app, house.admin, house.name_of("pr-1"), true));
             must(pin_preview(*house.app, house.admin, house.name_of("pr-1"), false));
         },
         true},
        {"pushed to",
         [](AppHouse& house) {
             house.clock.jump(2h);
             house.repository.push("feature", {{"web/main.c", "second"}});
             must(house.look_at(1));
             house.until([&] { return house.row("pr-1").observed_generation == 2; });
             house.until_state("pr-1", EnvironmentState::ready);
             house.clock.jump(-2h + 1min);
         },
         false},
    };
    for (const auto& [story, act, ends] : cases) {
        CAPTURE(story);
        AppHouse house;
        house.connect(shop_text({.previews = "  lifecycle: {ttl: 2h, extend_on_push: true}"}));
        house.open_ready("feature");
        CHECK(house.row("pr-1").expires_at.has_value());
        act(house);
        house.clock.jump(2h + 30s);
        end_expired(house);
        if (ends) {
            house.until_gone("pr-1");
            // The pull request is still open, but this commit had its time.
            must(house.look_at(1));
            CHECK(!house.find("pr-1"));
            house.repository.push("feature", {{"web/main.c", "new"}});
            must(house.look_at(1));
            house.until_state("pr-1", EnvironmentState::ready);
        } else {
            house.work->add(expiry_key(house.row("pr-1").id));
            must(house.work->run_exclusive(expiry_key(house.row("pr-1").id), []() -> Result<void> { return {}; }));
            CHECK(house.row("pr-1").state == EnvironmentState::ready);
        }
    }
}

TEST_CASE("an extension counts from the expiry, or from now when that is over")
{
    AppHouse house;
    house.connect(shop_text({.previews = "  lifecycle: {ttl: 2h}"}));
    house.open_ready("feature");
    const auto before = *house.row("pr-1").expires_at;
    must(extend_preview(*house.app, house.admin, house.name_of("pr-1"), 1h));
    CHECK(*house.row("pr-1").expires_at == before + 1h);
    house.clock.jump(10h);
    must(extend_preview(*house.app, house.admin, house.name_of("pr-1"), 1h));
    CHECK(*house.row("pr-1").expires_at >= before + 10h - 2h);
}

TEST_CASE("resetting the data gives the named database a new incarnation, and every one when none is named")
{
    AppHouse house;
    house.connect();
    two_generations(house);
    CHECK(house.desired("pr-1").databases.front().incarnation == 1);
    for (const std::string database : {"db", ""}) {
        const auto before = house.desired("pr-1").databases.front().incarnation;
        const auto object = house.driver.objects();
        must(reset_preview_data(*house.app, house.admin, house.name_of("pr-1"), database));
        house.until_state("pr-1", EnvironmentState::ready);
        CHECK(house.desired("pr-1").databases.front().incarnation == before + 1);
    }
    const auto unknown = reset_preview_data(*house.app, house.admin, house.name_of("pr-1"), "cache");
    REQUIRE(!unknown);
    CHECK(unknown.error().kind == ErrorKind::not_found);
}

TEST_CASE("on_push: reset gives each push new data, keep does not")
{
    for (const auto& [mode, want] : std::map<std::string, std::int64_t>{{"keep", 1}, {"reset", 2}}) {
        CAPTURE(mode);
        AppHouse house;
        house.connect(shop_text({.data = "{strategy: seed, on_push: " + mode + "}"}));
        two_generations(house);
        CHECK(house.desired("pr-1").databases.front().incarnation == want);
    }
}

TEST_CASE("deleting a preview by hand ends it, and twice is the same run")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    house.driver.fail("remove service/web", Error{ErrorKind::unavailable, "busy"}, 10);
    const auto run = must(delete_preview(*house.app, house.admin, house.name_of("pr-1")));
    CHECK(must(delete_preview(*house.app, house.admin, house.name_of("pr-1"))) == run);
    house.until_gone("pr-1");
    must(house.look_at(1));
    CHECK(!house.find("pr-1"));
    // Closed and opened again, it is as good as new.
    house.repository.close(1);
    must(house.look_at(1));
    house.repository.reopen(1);
    must(house.look_at(1));
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("what is asked of previews is refused to bases, and a protected base wants its name")
{
    AppHouse house;
    house.connect();
    const auto name = house.name_of("staging");
    const Result<std::string> refused[] = {
        delete_preview(*house.app, house.admin, name), redeploy_preview(*house.app, house.admin, name),
        roll_back_preview(*house.app, house.admin, name), reset_preview_data(*house.app, house.admin, name, "")};
    for (const auto& result : refused) {
        REQUIRE(!result);
        CHECK(result.error().kind == ErrorKind::invalid);
    }
    house.open_ready("feature");
    const auto with_previews = delete_environment(*house.app, house.admin, name, "");
    REQUIRE(!with_previews);
    CHECK(with_previews.error().kind == ErrorKind::conflict);
}

TEST_CASE("a preview by hand is named after its branch and follows it when redeployed")
{
    AppHouse house;
    house.connect();
    house.repository.push("Feature/Login", {{"web/main.c", "by hand"}});
    const auto view = must(create_preview(*house.app, house.admin, {.branch = "Feature/Login"}));
    CHECK(view.environment.name == "feature-login");
    house.until_state("feature-login", EnvironmentState::ready);
    const auto head = house.repository.push("Feature/Login", {{"web/main.c", "again"}});
    must(redeploy_preview(*house.app, house.admin, house.name_of("feature-login")));
    house.until_state("feature-login", EnvironmentState::ready);
    CHECK(house.row("feature-login").commit == head);
    const auto twice = create_preview(*house.app, house.admin, {.branch = "Feature/Login"});
    REQUIRE(!twice);
    CHECK(twice.error().kind == ErrorKind::conflict);
}

TEST_CASE("restart and scale make a new version of one service alone")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto count = [&](const std::string& change) { return std::ranges::count(house.driver.changes(), change); };
    const auto before = count("apply service/web");
    const auto other = count("apply service/api");
    must(restart_service(*house.app, house.admin, house.name_of("pr-1"), "web"));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(count("apply service/web") == before + 1);
    must(scale_service(*house.app, house.admin, house.name_of("pr-1"), "web", 3));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(count("apply service/web") == before + 2);
    CHECK(count("apply service/api") == other);
    CHECK(!restart_service(*house.app, house.admin, house.name_of("pr-1"), "nobody"));
}
