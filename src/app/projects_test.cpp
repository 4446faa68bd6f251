#include "app/projects.hpp"

#include "app/deploy.hpp"
#include "app/maintenance.hpp"
#include "app/previews.hpp"
#include "app/values.hpp"
#include "fakes/app_house.hpp"

#include <functional>

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

TEST_CASE("connecting a repository registers it, makes the webhook and brings up the previews' base")
{
    AppHouse house;
    house.connect(shop_text({.environments = "  production: {branch: main, target: here, protected: true}"}));
    const auto view = must(get_project(*house.app, house.admin, ""));
    CHECK(view.name == "shop");
    CHECK(view.trusted_branch == "main");
    CHECK(view.trusted_commit == house.repository.head("main").str());
    CHECK(view.webhook == "installed");
    CHECK(view.environments == std::vector<std::string>{"production", "staging"});
    CHECK(house.row("production").is_protected);
    // Only registered, also after looks at everything.
    reconcile_all(*house.app);
    must(settle_environment(*house.app, house.row("production").id));
    CHECK(house.row("production").desired_generation == 0);
    CHECK(house.row("production").reason == "registered, not started");
    CHECK(house.gitea.webhook_secret().size() == 40);
}

TEST_CASE("a connection that cannot be made says why and leaves no project behind")
{
    using fakes::Mood;
    struct Case {
        std::string story;
        ConnectRequest request;
        Mood mood;
        ErrorKind want;
    };
    const auto request = [](std::string forge, std::string url, std::string repository) {
        return ConnectRequest{.forge = std::move(forge),
                              .url = std::move(url),
                              .repository = std::move(repository),
                              .token = SecretBytes("t")};
    };
    Case cases[] = {
        {"an unknown host", request("bitbucket", "http://git.test", "acme/shop"), Mood::well, ErrorKind::invalid},
        {"no URL", request("gitea", "git.test", "acme/shop"), Mood::well, ErrorKind::invalid},
        {"no repository", request("gitea", "http://git.test", "shop"), Mood::well, ErrorKind::invalid},
        {"a foreign repository", request("gitea", "http://git.test", "acme/other"), Mood::well, ErrorKind::not_found},
        {"no file", request("gitea", "http://git.test", "acme/shop"), Mood::well, ErrorKind::not_found},
        {"an outage", request("gitea", "http://git.test", "acme/shop"), Mood::server_error, ErrorKind::unavailable},
    };
    for (auto& [story, asked, mood, want] : cases) {
        CAPTURE(story);
        AppHouse house;
        house.repository.push("main", {{"README.md", "nothing here"}});
        house.gitea.set_mood(mood);
        const auto connected = connect_repository(*house.app, house.admin, std::move(asked));
        REQUIRE(!connected);
        CHECK(connected.error().kind == want);
        CHECK(must(list_projects(*house.app, house.admin)).empty());
    }
}

TEST_CASE("a second repository that calls itself the same takes nothing over, and the same one may be connected again")
{
    AppHouse house;
    house.connect();
    auto project = house.project();
    project.connection.repository = RepositoryName{"acme", "shop-before-it-was-copied"};
    must(house.app->database.write(
        [&](storage::Transaction& transaction) { return house.app->stores.projects.update(transaction, project); }));
    const auto request = [] {
        return ConnectRequest{
            .forge = "gitea", .url = "http://git.test/", .repository = "acme/shop", .token = SecretBytes("t")};
    };
    const auto taken = connect_repository(*house.app, house.admin, request());
    REQUIRE(!taken);
    CHECK(taken.error().kind == ErrorKind::conflict);
    CHECK(taken.error().message.find("acme/shop-before-it-was-copied") != std::string::npos);
    CHECK(taken.error().next_step.find("ramet project delete shop") != std::string::npos);
    CHECK(house.project().connection.repository.name == "shop-before-it-was-copied");

    project.connection.repository = RepositoryName{"acme", "shop"};
    must(house.app->database.write(
        [&](storage::Transaction& transaction) { return house.app->stores.projects.update(transaction, project); }));
    must(connect_repository(*house.app, house.admin, request()));
}

TEST_CASE("applying the same file again starts nothing, and every fault of a bad one is told")
{
    AppHouse house;
    house.connect();
    const auto again = must(apply_project(*house.app, house.admin, {.file_text = shop_text()}));
    REQUIRE(again.environments.size() == 1);
    CHECK(again.environments.front().run.empty());
    const auto bad = apply_project(*house.app, house.admin,
                                   {.file_text = "version: 1\nproject: shop\nservises: {}\ndatabase: {}\n"});
    REQUIRE(!bad);
    CHECK(bad.error().kind == ErrorKind::invalid);
    CHECK(bad.error().evidence.find("ramet.yaml:3:1") != std::string::npos);
    CHECK(bad.error().evidence.find("ramet.yaml:4:1") != std::string::npos);
    CHECK(house.row("staging").state == EnvironmentState::ready);
}

TEST_CASE("a base that follows another branch is deployed from it, by the file of the trusted one")
{
    AppHouse house;
    house.repository.push("release", {{"web/main.c", "release 1"}});
    house.connect(shop_text({.environments = "  beta: {branch: release, target: here}"}));
    must(apply_project(*house.app, house.admin, {.file_text = house.project().file_text, .environments = {"beta"}}));
    house.until_state("beta", EnvironmentState::ready);
    const auto file = house.project().file_text;
    const auto staging = house.row("staging");
    const auto head = house.repository.push("release", {{"web/main.c", "release 2"}, {"ramet.yaml", "nonsense"}});
    must(reconcile_branch(*house.app, house.project().id, "release"));
    house.until([&] { return house.row("beta").observed_generation == 2; });
    CHECK(house.row("beta").commit == head);
    CHECK(house.project().file_text == file);
    CHECK(house.row("staging") == staging);
}

TEST_CASE("a trusted file with faults is not taken over, and is when it is mended")
{
    AppHouse house;
    house.connect();
    const auto before = house.row("staging");
    house.repository.push("main", {{"ramet.yaml", "version: 1\nproject: shop\nservises: {}\n"}});
    const auto looked = reconcile_branch(*house.app, house.project().id, "main");
    REQUIRE(!looked);
    CHECK(looked.error().kind == ErrorKind::invalid);
    CHECK(house.row("staging") == before);
    house.repository.push("main", {{"ramet.yaml", shop_text({.vars = "LOG_LEVEL: warn"})}});
    must(reconcile_branch(*house.app, house.project().id, "main"));
    house.until([&] { return house.row("staging").observed_generation == 2; });
}

TEST_CASE("a base that was refused at its first attempt is brought up by a later look, and by a push")
{
    struct Case {
        std::string story;
        std::function<void(AppHouse&)> heal;
    };
    const Case cases[] = {
        {"the secret is set",
         [](AppHouse& house) { must(set_secret(*house.app, house.admin, {}, "key", SecretBytes("k"), false)); }},
        {"the reference is taken out",
         [](AppHouse& house) { house.repository.push("main", {{"ramet.yaml", shop_text()}}); }},
    };
    for (const auto& [story, heal] : cases) {
        CAPTURE(story);
        AppHouse house;
        house.repository.push("main", {{"ramet.yaml", shop_text({.vars = "KEY: {secret: key}"})}});
        const auto connected = connect_repository(
            *house.app, house.admin,
            {.forge = "gitea", .url = "http://git.test", .repository = "acme/shop", .token = SecretBytes("t")});
        REQUIRE(!connected);
        CHECK(connected.error().message.find("a secret is missing: key") != std::string::npos);
        CHECK(connected.error().message.find("; set it with `ramet secret set key`") != std::string::npos);
        CHECK(house.row("staging").state == EnvironmentState::failed);
        heal(house);
        reconcile_all(*house.app);
        house.until_state("staging", EnvironmentState::ready);
        CHECK(house.row("staging").reason.empty());
    }
}

TEST_CASE("a base's push that could not be fetched is deployed by a later look, without another audit record")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    house.driver.fail("apply service/api", Error{ErrorKind::refused, "it cannot start"});
    const auto head = house.repository.push("main", {{"api/main.c", "api 2"}});
    must(reconcile_branch(*house.app, house.project().id, "main"));
    house.until_state("staging", EnvironmentState::degraded);
    const auto audited = house.audited();
    must(reconcile_branch(*house.app, house.project().id, "main"));
    CHECK(house.audited() == audited);
    CHECK(house.row("staging").commit == head);
}

TEST_CASE("a project goes when its environments are gone, and a protected one wants its name")
{
    AppHouse house;
    house.connect(shop_text({.environments = "  production: {branch: main, target: here, protected: true}"}));
    must(apply_project(*house.app, house.admin, {.file_text = house.project().file_text}));
    house.until_state("production", EnvironmentState::ready);
    CHECK(!remove_project(*house.app, house.admin, "shop"));
    const auto unnamed = delete_environment(*house.app, house.admin, house.name_of("production"), "");
    REQUIRE(!unnamed);
    CHECK(unnamed.error().kind == ErrorKind::refused);
    must(delete_environment(*house.app, house.admin, house.name_of("production"), "production"));
    must(delete_environment(*house.app, house.admin, house.name_of("staging"), ""));
    house.until_gone("production");
    house.until_gone("staging");
    must(remove_project(*house.app, house.admin, "shop"));
    CHECK(must(list_projects(*house.app, house.admin)).empty());
    CHECK(must(house.stores->runs.list_present("thing")).empty());
}

TEST_CASE("doctor looks at the Git host too")
{
    AppHouse house;
    house.connect();
    const auto state = [&] {
        for (const auto& check : must(examine(*house.app, house.admin)))
            if (check.name == "Git host of shop") return check.state;
        return std::string();
    };
    CHECK(state() == "ok");
    house.gitea.set_mood(fakes::Mood::timeout);
    CHECK(state() == "failed");
}
