#include "app/plans.hpp"
#include "app/previews.hpp"
#include "app/values.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

TEST_CASE("a repository where none may be is refused before anything is stored")
{
    struct Case {
        std::string address;
        ErrorKind want;
    };
    const Case cases[] = {
        {"file:///etc", ErrorKind::invalid},
        {"ext::sh -c x", ErrorKind::invalid},
        {"javascript:alert(1)", ErrorKind::invalid},
        {"--upload-pack=x", ErrorKind::invalid},
        {"../shop", ErrorKind::invalid},
        {"http://git.test/a\nb", ErrorKind::invalid},
        {"http://169.254.169.254/shop.git", ErrorKind::egress_denied},
        {"http://[::ffff:169.254.169.254]/shop.git", ErrorKind::egress_denied},
        {"http://0251.0376.0251.0376/shop.git", ErrorKind::egress_denied},
    };
    AppHouse house;
    for (const auto& [address, want] : cases) {
        CAPTURE(address);
        const auto applied = apply_project(*house.app, house.admin, {.file_text = shop_text(), .repository = address});
        REQUIRE(!applied);
        CHECK(applied.error().kind == want);
        CHECK(must(list_projects(*house.app, house.admin)).empty());
    }
}

TEST_CASE("a branch that is no branch is refused before git is asked")
{
    AppHouse house;
    house.connect();
    house.git.go_silent();
    for (const std::string branch : {"-x", "--upload-pack=x", "a\nb", "*", "main:refs/heads/x", "a..b"}) {
        CAPTURE(branch);
        const auto made = create_preview(*house.app, house.admin, {.project = "shop", .branch = branch});
        REQUIRE(!made);
        CHECK(made.error().kind == ErrorKind::invalid);
        const auto planned = plan_environment(*house.app, house.admin, {.project = "shop", .branch = branch});
        REQUIRE(!planned);
        CHECK(planned.error().kind == ErrorKind::invalid);
    }
    const auto named = create_preview(*house.app, house.admin, {.project = "shop", .branch = "main", .name = "-x"});
    REQUIRE(!named);
    CHECK(named.error().kind == ErrorKind::invalid);
}

TEST_CASE("a value keeps the rules of the file, whoever sets it")
{
    const ScopeName scope{.level = ScopeName::Level::project, .project = "shop"};
    const std::pair<std::string, Json> bad[] = {
        {"a NUL", Json(std::string("a\0b", 3))},
        {"an unknown placeholder", "${no.such.thing}"},
        {"a placeholder that is not closed", "${env"},
        {"an alias of no variable", json::object{{"alias", "A-B"}}},
        {"a secret of no name", json::object{{"secret", "-x"}}},
        {"a length below zero", json::object{{"generate", "random"}, {"length", -1}}},
        {"a length of a gigabyte", json::object{{"generate", "random"}, {"length", 1 << 30}}},
        {"an unknown generator", json::object{{"generate", "sequence"}}},
        {"a number", 7},
        {"nothing", nullptr},
    };
    AppHouse house;
    house.connect();
    for (const auto& [story, value] : bad) {
        CAPTURE(story);
        const auto set = set_variable(*house.app, house.admin, scope, "KEY", value);
        REQUIRE(!set);
        CHECK(set.error().kind == ErrorKind::invalid);
    }
    CHECK(must(list_variables(*house.app, house.admin, scope)).empty());
    for (const Json& good :
         {Json("${env} $${not}"), Json(json::object{{"alias", "OTHER"}}), Json(json::object{{"secret", "key"}}),
          Json(json::object{{"generate", "random"}, {"length", 8}})})
        CHECK(set_variable(*house.app, house.admin, scope, "KEY", good).has_value());
}

TEST_CASE("a secret's bad name says that it is the name")
{
    AppHouse house;
    house.connect();
    const auto set = set_secret(*house.app, house.admin, {.level = ScopeName::Level::project, .project = "shop"}, "A\n",
                                SecretBytes("v"), false);
    REQUIRE(!set);
    CHECK(set.error().kind == ErrorKind::invalid);
    CHECK(set.error().where == "/name");
}
