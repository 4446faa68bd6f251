#include "app/maintenance.hpp"
#include "app/previews.hpp"
#include "app/work.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

void close(AppHouse& house, std::int64_t number)
{
    house.repository.close(number);
    must(house.look_at(number));
}

}  // namespace

TEST_CASE("who finds no room waits in line, and comes in when somebody leaves")
{
    AppHouse house;
    house.connect(shop_text({.limits = "max_active: 1, min_free_disk: 1Mi"}));
    house.open_ready("one");
    house.open("two");
    house.open("three");
    CHECK(house.row("pr-2").state == EnvironmentState::queued);
    CHECK(house.row("pr-2").reason == "1 of 1 previews are active (limits.max_active)");
    CHECK(house.row("pr-3").state == EnvironmentState::queued);
    house.until_comment(2, "Preview queued");

    // What exists is updated all the same.
    house.repository.push("one", {{"web/main.c", "more"}});
    must(house.look_at(1));
    house.until([&] { return house.row("pr-1").observed_generation == 2; });

    close(house, 1);
    house.until_state("pr-2", EnvironmentState::ready);
    CHECK(house.row("pr-3").state == EnvironmentState::queued);
    close(house, 2);
    house.until_state("pr-3", EnvironmentState::ready);
    CHECK(must(house.stores->queue.list()).empty());
}

TEST_CASE("a newcomer does not overtake those who wait")
{
    AppHouse house;
    house.connect(shop_text({.limits = "max_active: 1, min_free_disk: 1Mi"}));
    house.open_ready("one");
    house.open("two");
    auto project = house.project();
    project.file_text = shop_text({.limits = "max_active: 2, min_free_disk: 1Mi"});
    must(house.database->write(
        [&](storage::Transaction& transaction) { return house.stores->projects.update(transaction, project); }));
    house.open("three");
    CHECK(house.row("pr-3").state == EnvironmentState::queued);
    CHECK(house.row("pr-3").reason == "others wait before it");
    house.work->add(std::string(admission_key));
    house.until_state("pr-2", EnvironmentState::ready);
    CHECK(house.row("pr-3").state == EnvironmentState::queued);
}

TEST_CASE("of many that come at the same moment no more get in than there is room for")
{
    AppHouse house;
    house.connect(shop_text({.limits = "max_active: 2, min_free_disk: 1Mi"}));
    constexpr std::int64_t many = 8;
    for (std::int64_t number = 1; number <= many; ++number) {
        house.repository.push("branch-" + std::to_string(number), {{"web/main.c", std::to_string(number)}});
        house.repository.open("branch-" + std::to_string(number));
    }
    {
        std::vector<std::jthread> threads;
        for (std::int64_t number = 1; number <= many; ++number)
            threads.emplace_back([&, number] { (void)house.look_at(number); });
    }
    int inside = 0;
    for (std::int64_t number = 1; number <= many; ++number)
        inside += house.row("pr-" + std::to_string(number)).state != EnvironmentState::queued ? 1 : 0;
    CHECK(inside == 2);
}

TEST_CASE("one person's limit holds up that person alone")
{
    AppHouse house;
    house.connect(shop_text({.limits = "max_per_user: 1, min_free_disk: 1Mi"}));
    house.open_ready("one");
    house.open("two");
    CHECK(house.row("pr-2").state == EnvironmentState::queued);
    CHECK(house.row("pr-2").reason == "alice has 1 of 1 previews (limits.max_per_user)");
    house.open("three", {{"web/main.c", "three"}}, "bob");
    house.until_state("pr-3", EnvironmentState::ready);
    CHECK(house.row("pr-2").state == EnvironmentState::queued);
    close(house, 1);
    house.until_state("pr-2", EnvironmentState::ready);
}

TEST_CASE("limits of memory and disk say how much is missing")
{
    struct Case {
        std::string limits, want;
    };
    const Case cases[] = {
        {"memory: 600Mi, min_free_disk: 1Mi", "it needs 512 MiB, and 512 of 600 MiB are taken (limits.memory)"},
        {"min_free_disk: 100000Gi", "MiB must stay free (limits.min_free_disk)"},
    };
    for (const auto& [limits, want] : cases) {
        CAPTURE(limits);
        AppHouse house;
        house.connect(shop_text({.limits = limits}));
        house.open("one");
        house.open("two");
        CHECK(house.row("pr-2").state == EnvironmentState::queued);
        CHECK(house.row("pr-2").reason.find(want) != std::string::npos);
    }
}

TEST_CASE("a creation that failed takes no room, and who waits is let in by the next look at everything")
{
    AppHouse house;
    house.connect(shop_text({.limits = "max_active: 1, min_free_disk: 1Mi"}));
    house.driver.break_down("service/web");
    house.driver.block("service/web");
    house.open("one");
    house.open("two");
    CHECK(house.row("pr-2").state == EnvironmentState::queued);
    house.driver.release("service/web");
    house.until_state("pr-1", EnvironmentState::failed);
    house.driver.repair("service/web");
    reconcile_all(*house.app);
    house.until_state("pr-2", EnvironmentState::ready);
}

TEST_CASE("what waits is found again after a restart, and closing it takes it out of the line")
{
    AppHouse house;
    house.connect(shop_text({.limits = "max_active: 1, min_free_disk: 1Mi"}));
    house.open_ready("one");
    house.open("two");
    house.open("three");
    close(house, 2);
    house.until_gone("pr-2");
    house.repository.close(1);
    house.restart();
    house.until_state("pr-3", EnvironmentState::ready);
    house.until_gone("pr-1");
}
