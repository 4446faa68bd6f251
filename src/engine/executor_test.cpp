#include "fakes/engine_house.hpp"

namespace ramet::engine {
namespace {

using namespace testing;

TEST_CASE("a first create makes everything in the order of its needs")
{
    House house;
    const auto run = house.run(apply_request(shop()));
    CHECK(run.state == RunState::succeeded);
    CHECK(run.steps.size() == 4);
    for (const auto& step : run.steps) CHECK(step.state == StepState::done);
    CHECK(house.driver.objects().size() == 4);
    CHECK(house.driver.changes().front() == "apply database/db");
    const auto web = house.driver.object("service/web");
    CHECK(get_string(web.ref.spec, "api") == house.driver.object("service/api").ref.name + ":1");
    for (const auto& row : house.resources()) CHECK(row.phase == Phase::live);
}

TEST_CASE("an unchanged graph is a plan of nothing and calls no driver")
{
    House house;
    house.run(apply_request(shop()));
    const auto calls = house.driver.calls();
    const auto again = house.run(apply_request(shop()));
    CHECK(again.state == RunState::succeeded);
    CHECK(house.driver.calls() == calls);
    for (const auto& step : again.steps) CHECK(step.action == StepAction::keep);
}

TEST_CASE("a changed spec is applied where it changed, and to what follows from it")
{
    House house;
    house.run(apply_request(shop("1")));
    const auto before = house.driver.changes().size();
    CHECK(house.run(update_request(shop("2"))).state == RunState::succeeded);
    const auto changes = house.driver.changes();
    // The address of api stays the same, so that web is not touched.
    CHECK(std::vector<std::string>(changes.begin() + static_cast<std::ptrdiff_t>(before), changes.end()) ==
          std::vector<std::string>{"apply service/api"});
}

TEST_CASE("a replacement is made beside the old one, takes its successors, and then the old one goes")
{
    House house;
    auto graph = shop();
    graph.nodes[1].spec = json::object{{"replace", "a"}};
    house.run(apply_request(graph));
    const auto old_name = house.driver.object("service/api").ref.name;
    graph.nodes[1].spec = json::object{{"replace", "b"}};
    const auto before = house.driver.changes().size();
    CHECK(house.run(update_request(graph)).state == RunState::succeeded);
    const auto changes = house.driver.changes();
    CHECK(std::vector<std::string>(changes.begin() + static_cast<std::ptrdiff_t>(before), changes.end()) ==
          std::vector<std::string>{"apply service/api", "apply service/web", "remove service/api"});
    CHECK_FALSE(house.driver.objects().contains(old_name));
    CHECK(get_string(house.driver.object("service/web").ref.spec, "api") ==
          house.driver.object("service/api").ref.name + ":1");
}

TEST_CASE("what the graph no longer has is removed after everything else is done")
{
    House house;
    house.run(apply_request(shop("1")));
    auto graph = shop("2");
    graph.nodes.pop_back();
    CHECK(house.run(update_request(graph)).state == RunState::succeeded);
    CHECK_FALSE(house.driver.has("service/worker"));
    CHECK(house.driver.changes().back() == "remove service/worker");
}

TEST_CASE("what is observed absent is made again when asked to look")
{
    House house;
    house.run(apply_request(shop()));
    house.driver.erase(house.driver.object("service/api").ref.name);
    auto request = update_request(shop());
    request.probe_all = true;
    CHECK(house.run(request).state == RunState::succeeded);
    CHECK(house.driver.object("service/api").ref.incarnation == 2);
    CHECK(get_string(house.driver.object("service/web").ref.spec, "api") ==
          house.driver.object("service/api").ref.name + ":1");
}

TEST_CASE("what is ours and does not stand any more is applied again when asked to look, and nothing else")
{
    House house;
    house.run(apply_request(shop()));
    const auto before = house.driver.changes().size();
    house.driver.damage("service/api");
    auto request = update_request(shop());
    request.probe_all = true;
    CHECK(house.run(request).state == RunState::succeeded);
    const auto changes = house.driver.changes();
    CHECK(std::vector(changes.begin() + static_cast<std::ptrdiff_t>(before), changes.end()) ==
          std::vector<std::string>{"apply service/api"});
    CHECK(house.driver.object("service/api").is_intact);
    CHECK(house.driver.object("service/api").ref.incarnation == 1);
}

}  // namespace
}  // namespace ramet::engine
