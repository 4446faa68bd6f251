#include "app/drift.hpp"

#include "app/previews.hpp"
#include "fakes/app_house.hpp"

#include <algorithm>
#include <atomic>

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

/// A preview of which somebody has changed a service, which so many deployments take back.
struct ChangedHouse {
    std::atomic<std::int64_t> right_from_generation = 0;
    AppHouse house;

    ChangedHouse()
    {
        house.inspector.drift = [this] {
            const targets::Drift scaled{"service/web", "spec.replicas was changed by kubectl"};
            const auto preview = house.find("pr-1");
            const bool is_changed = preview && preview->desired_generation < right_from_generation;
            return is_changed ? std::vector{scaled} : std::vector<targets::Drift>{};
        };
        house.connect();
        house.open_ready("feature");
    }

    std::int64_t count_mends()
    {
        const auto audited = house.audited();
        return std::ranges::count(audited, "environment.mend pr-1");
    }
    void until_generation(std::int64_t generation)
    {
        house.until([&] { return house.row("pr-1").observed_generation >= generation; });
        house.until_state("pr-1", EnvironmentState::ready);
    }
};

}  // namespace

TEST_CASE("what somebody changes by hand is shown, and taken back in a preview")
{
    ChangedHouse changed;
    auto& house = changed.house;
    const auto id = house.row("pr-1").id;
    CHECK(house.view("pr-1").drift.empty());
    must(mend_drift(*house.app, id));
    CHECK(house.runs("pr-1").size() == 1);

    changed.right_from_generation = 2;
    CHECK(house.view("pr-1").drift == std::vector<std::string>{"service/web: spec.replicas was changed by kubectl"});
    must(mend_drift(*house.app, id));
    changed.until_generation(2);
    CHECK(house.runs("pr-1").size() == 2);
    CHECK(get_string(house.runs("pr-1").front().note, "by") == "ramet: drift");
    CHECK(changed.count_mends() == 1);
}

TEST_CASE("a base is shown as it is, and left so")
{
    ChangedHouse changed;
    auto& house = changed.house;
    const auto runs = house.runs("staging").size();
    changed.right_from_generation = 1000;
    must(mend_drift(*house.app, house.row("staging").id));
    CHECK(house.runs("staging").size() == runs);
    CHECK_FALSE(house.view("staging").drift.empty());
}

TEST_CASE("what is changed again and again is left alone after the third time")
{
    ChangedHouse changed;
    auto& house = changed.house;
    const auto id = house.row("pr-1").id;
    changed.right_from_generation = 1000;
    for (std::int64_t generation = 2; generation <= 4; ++generation) {
        must(mend_drift(*house.app, id));
        changed.until_generation(generation);
    }
    for (int again = 0; again < 3; ++again) must(mend_drift(*house.app, id));
    CHECK(house.row("pr-1").desired_generation == 4);
    CHECK(changed.count_mends() == 3);
    CHECK_FALSE(house.view("pr-1").drift.empty());

    // A deployment that somebody asks for is one that it is kept to again.
    must(redeploy_preview(*house.app, house.admin, house.name_of("pr-1")));
    changed.until_generation(5);
    must(mend_drift(*house.app, id));
    changed.until_generation(6);
    CHECK(changed.count_mends() >= 4);
}
