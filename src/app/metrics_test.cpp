#include "app/metrics.hpp"

#include "app/maintenance.hpp"
#include "app/previews.hpp"
#include "app/work.hpp"
#include "base/text.hpp"
#include "fakes/app_house.hpp"

#include <set>

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using namespace std::chrono_literals;

namespace {

/// The value of a sample; nothing when it is not there.
std::optional<double> value_of(const std::string& text, const std::string& sample)
{
    for (const auto& line : split(text, '\n'))
        if (line.starts_with(sample + " ")) return std::stod(line.substr(sample.size() + 1));
    return std::nullopt;
}

std::string metrics_of(AppHouse& house)
{
    return must(read_metrics(*house.app, house.admin));
}

}  // namespace

TEST_CASE("before anything has happened every state of a preview is there, with zero")
{
    AppHouse house;
    const auto text = metrics_of(house);
    for (const std::string state : {"awaiting_approval", "queued", "creating", "updating", "ready", "degraded",
                                    "failed", "sleeping", "waking", "deleting", "needs_human"}) {
        CAPTURE(state);
        CHECK(value_of(text, "ramet_previews{state=\"" + state + "\"}") == 0);
    }
    CHECK(value_of(text, "ramet_queue_depth") == 0);
    CHECK(value_of(text, "ramet_reconcile_lag_seconds") == 0);
    CHECK(text.contains("\nramet_build_info{version=\""));
}

TEST_CASE("a preview's life is counted, by kinds and results, and never by name")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto name = fmt::format("pr-{}", number);
    const std::string applied = "ramet_run_duration_seconds_count{kind=\"apply\",result=\"succeeded\"}";
    house.until([&] { return value_of(metrics_of(house), applied) >= 2; });
    auto text = metrics_of(house);
    CHECK(value_of(text, "ramet_previews{state=\"ready\"}") == 1);
    CHECK(text.contains("ramet_step_duration_seconds_count{step_kind=\""));
    must(delete_preview(*house.app, house.admin, house.name_of(name)));
    house.until_gone(name);
    house.until([&] {
        return value_of(metrics_of(house), "ramet_run_duration_seconds_count{kind=\"destroy\",result=\"succeeded\"}") ==
               1;
    });
    text = metrics_of(house);
    CHECK(value_of(text, "ramet_previews{state=\"ready\"}") == 0);
    const std::vector<std::string> names{name, "shop", "staging", "feature"};
    for (const auto& word : names) {
        CAPTURE(word);
        CHECK_FALSE(text.contains("\"" + word + "\""));
    }
}

TEST_CASE("clones, deliveries and orphans are counted by what they were")
{
    Metrics metrics;
    metrics.observe_clone("btrfs", 80ms, 0);
    metrics.observe_clone("copy", 3s, 5'000'000);
    for (int i = 0; i < 3; ++i) metrics.count_delivery("gitea", "stored");
    metrics.count_delivery("gitea", "unauthenticated");
    metrics.set_orphans({{"local.shim", 2}, {"postgres.data", 1}});
    metrics.set_orphans({{"local.shim", 1}});
    Exposition exposition;
    metrics.write(exposition);
    const auto text = exposition.take();
    struct Case {
        std::string sample;
        double want;
    };
    const Case cases[] = {
        {"ramet_db_clone_duration_seconds_bucket{method=\"btrfs\",le=\"0.05\"}", 0},
        {"ramet_db_clone_duration_seconds_bucket{method=\"btrfs\",le=\"0.1\"}", 1},
        {"ramet_db_clone_duration_seconds_sum{method=\"copy\"}", 3},
        {"ramet_db_clone_bytes_sum{kind=\"copied\"}", 5'000'000},
        {"ramet_db_clone_bytes_bucket{kind=\"copied\",le=\"0\"}", 1},
        {"ramet_db_clone_bytes_count{kind=\"copied\"}", 2},
        {"ramet_webhook_deliveries_total{forge=\"gitea\",result=\"stored\"}", 3},
        {"ramet_webhook_deliveries_total{forge=\"gitea\",result=\"unauthenticated\"}", 1},
        {"ramet_orphans{kind=\"local.shim\"}", 1},
        {"ramet_orphans{kind=\"postgres.data\"}", 0},
    };
    for (const auto& [sample, want] : cases) {
        CAPTURE(sample);
        CHECK(value_of(text, sample) == want);
    }
}

TEST_CASE("a token of one project does not get the numbers of all")
{
    AppHouse house;
    house.connect();
    CHECK(read_metrics(*house.app, {"ci", Role::admin, "shop"}).error().kind == ErrorKind::forbidden);
    CHECK(read_metrics(*house.app, {"prometheus", Role::viewer, {}}));
}

TEST_CASE("work that waits for its turn is counted with how long it waits")
{
    SystemClock clock;
    std::atomic<bool> is_held = true;
    std::atomic<int> begun = 0;
    WorkQueue queue(clock, 1, [&](const std::string&) {
        ++begun;
        while (is_held) std::this_thread::yield();
    });
    CHECK(queue.load().due == 0);
    queue.add("a");
    REQUIRE(ramet::testing::wait_until([&] { return begun == 1; }));
    queue.add("b");
    queue.add("c");
    queue.add_after("later", 1h);
    CHECK(queue.load().due == 2);
    CHECK(ramet::testing::wait_until([&] { return queue.load().lag >= 5ms; }));
    is_held = false;
    CHECK(ramet::testing::wait_until([&] { return queue.load().due == 0; }));
    CHECK(queue.load().lag == 0ms);
}
