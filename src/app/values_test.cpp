#include "app/values.hpp"

#include "app/plans.hpp"
#include "app/previews.hpp"
#include "app/rotation.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using Level = ScopeName::Level;

namespace {

enum class Kept : bool { open, protected_ };

void set(AppHouse& house, const ScopeName& scope, const std::string& name, const std::string& value,
         Kept kept = Kept::open)
{
    must(set_secret(*house.app, house.admin, scope, name, SecretBytes(value), kept == Kept::protected_));
}

const std::string two_secrets = "  vars:\n    FIRST: {secret: first}\n    SECOND: {secret: second}";
const std::string with_production = "  production: {branch: main, target: here, protected: true, vars: {LEGACY: "
                                    "\"postgres://app@db.example.com:5432/shop\"}}";

}  // namespace

TEST_CASE("secrets that a preview lacks are named all at once, and it heals when they are there")
{
    AppHouse house;
    house.connect(shop_text({.previews = two_secrets}));
    const auto number = house.open("feature");
    const auto row = house.row("pr-1");
    CHECK(row.state == EnvironmentState::failed);
    CHECK(row.reason.find("first") != std::string::npos);
    CHECK(row.reason.find("second") != std::string::npos);
    CHECK(house.runs("pr-1").empty());
    set(house, {.level = Level::previews, .project = "shop"}, "first", "first-value");
    set(house, {.level = Level::project, .project = "shop"}, "second", "second-value");
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("a protected secret never flows into a preview")
{
    AppHouse house;
    house.connect(shop_text({.previews = two_secrets}));
    set(house, {.level = Level::project, .project = "shop"}, "first", "production-key", Kept::protected_);
    set(house, {.level = Level::previews, .project = "shop"}, "second", "second-value");
    house.open("feature");
    CHECK(house.row("pr-1").state == EnvironmentState::failed);
    CHECK(house.row("pr-1").reason.find("first") != std::string::npos);
    CHECK(house.row("pr-1").reason.find("production-key") == std::string::npos);
    set(house, {.level = Level::previews, .project = "shop"}, "first", "sandbox-key");
    must(house.look_at(1));
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("a preview that would reach a protected environment is refused by service, variable and what it reaches")
{
    struct Case {
        std::string story, value;
        std::vector<std::string> want;
    };
    const Case cases[] = {
        {"its address",
         "postgres://me@db.example.com:5432/mine",
         {"api", "TARGET", "db.example.com:5432", "production"}},
        {"the value of its secret", "s3cret-of-production", {"api", "TARGET", "production"}},
    };
    for (const auto& [story, value, want] : cases) {
        CAPTURE(story);
        AppHouse house;
        house.connect(shop_text({.environments = with_production}));
        set(house, {.level = Level::environment, .project = "shop", .environment = "production"}, "key",
            "s3cret-of-production");
        must(set_variable(*house.app, house.admin, {.level = Level::previews, .project = "shop"}, "TARGET",
                          Json(value)));
        house.open("feature");
        CHECK(house.row("pr-1").state == EnvironmentState::failed);
        for (const auto& word : want) CHECK(house.row("pr-1").reason.find(word) != std::string::npos);
        CHECK(house.row("pr-1").reason.find("s3cret-of-production") == std::string::npos);
        CHECK(house.runs("pr-1").empty());
    }
}

TEST_CASE("allow_reach accepts a reach by name, and the audit log says so")
{
    AppHouse house;
    house.connect(shop_text({.previews = "  allow_reach: [TARGET]", .environments = with_production}));
    must(set_variable(*house.app, house.admin, {.level = Level::previews, .project = "shop"}, "TARGET",
                      Json("postgres://me@db.example.com:5432/mine")));
    house.open_ready("feature");
    CHECK(std::ranges::count(house.audited(), "reach.accepted pr-1") > 0);
}

TEST_CASE("what a person set wins over the file, closer over farther, and can be taken back")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto effective = [&] {
        const auto values = must(list_effective_variables(*house.app, house.admin, house.name_of("pr-1"), "api"));
        return get_string(get_member(get_member(values, "services"), "api"), "LOG_LEVEL");
    };
    CHECK(effective() == "info");
    must(set_variable(*house.app, house.admin, {.level = Level::previews, .project = "shop"}, "LOG_LEVEL",
                      Json("debug")));
    CHECK(effective() == "debug");
    const ScopeName own{.level = Level::preview, .project = "shop", .environment = "pr-1"};
    must(set_variable(*house.app, house.admin, own, "LOG_LEVEL", Json("trace")));
    CHECK(effective() == "trace");
    CHECK(must(list_variables(*house.app, house.admin, own)).front().set_by.starts_with("root at "));
    const auto why = must(explain_variable(*house.app, house.admin, house.name_of("pr-1"), "api", "LOG_LEVEL"));
    for (const auto* word : {"trace", "debug", "info", "ramet.yaml"})
        CHECK(get_string(why, "text").find(word) != std::string::npos);
    must(unset_variable(*house.app, house.admin, own, "LOG_LEVEL"));
    CHECK(effective() == "debug");
    CHECK(!unset_variable(*house.app, house.admin, own, "LOG_LEVEL"));
}

TEST_CASE("names that would change how programs are loaded, and values of no known shape, are refused")
{
    AppHouse house;
    house.connect();
    const ScopeName scope{.level = Level::project, .project = "shop"};
    for (const std::string name : {"LD_PRELOAD", "PORT", "RAMET_X", "1A", ""}) {
        const auto result = set_variable(*house.app, house.admin, scope, name, Json("x"));
        REQUIRE(!result);
        CHECK(result.error().kind == ErrorKind::invalid);
    }
    for (const Json& value : {Json(5), Json(json::object()), Json(nullptr), Json(json::object{{"secret", 1}})})
        CHECK(!set_variable(*house.app, house.admin, scope, "KEY", value));
    CHECK(!set_secret(*house.app, house.admin, scope, "empty", SecretBytes(), false));
    CHECK(must(list_variables(*house.app, house.admin, scope)).empty());
}

TEST_CASE("secrets are listed without values and Ramet's own not at all; keys are rotated beneath them")
{
    AppHouse house;
    house.connect();
    const ScopeName scope{.level = Level::project, .project = "shop"};
    set(house, scope, "stripe", "one");
    set(house, scope, "stripe", "two");
    const auto listed = must(list_secrets(*house.app, house.admin, scope));
    REQUIRE(listed.size() == 1);
    CHECK(listed.front().name == "stripe");
    CHECK(listed.front().version == 2);
    CHECK(must(rotate_keys(*house.app, house.admin)) > 0);
    CHECK(house.keys->key_ids().size() == 1);
    house.open_ready("feature");
    must(remove_secret(*house.app, house.admin, scope, "stripe"));
    CHECK(!remove_secret(*house.app, house.admin, scope, "stripe"));
}

TEST_CASE("a plan changes nothing, and names every refusal")
{
    AppHouse house;
    house.connect(shop_text({.previews = two_secrets}));
    house.repository.push("feature", {{"web/main.c", "changed"}});
    const auto number = house.repository.open("feature");
    const auto before = house.audited();
    const auto plan = must(plan_environment(*house.app, house.admin, {.project = "shop", .pull_request = number}));
    CHECK(!plan.refusals.empty());
    for (const auto* name : {"first", "second"}) CHECK(plan.text.find(name) != std::string::npos);
    CHECK(!house.find("pr-1"));
    CHECK(house.audited() == before);
    CHECK(!plan_environment(*house.app, house.admin, {.project = "shop"}));
}

TEST_CASE("the difference to the base names variables and commits, and the database's address is for administrators")
{
    AppHouse house;
    house.connect(shop_text({.previews = "  vars: {LOG_LEVEL: debug}"}));
    house.open_ready("feature");
    const auto difference = must(compare_environments(*house.app, house.admin, house.name_of("pr-1"), ""));
    CHECK(difference.has_changes);
    CHECK(difference.text.find("LOG_LEVEL") != std::string::npos);
    CHECK(!compare_environments(*house.app, house.admin, house.name_of("staging"), ""));
    const auto url = must(get_connection_url(*house.app, house.admin, house.name_of("pr-1"), "db"));
    CHECK(url.reveal().starts_with("postgres://"));
    CHECK(url.reveal().find("@127.0.0.1:") != std::string::npos);
    CHECK(!get_connection_url(*house.app, house.admin, house.name_of("pr-1"), "cache"));
    const auto entries = house.audited();
    CHECK(std::ranges::count(entries, "database.connect pr-1/db") == 1);
}
