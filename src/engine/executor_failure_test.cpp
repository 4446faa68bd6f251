#include "fakes/engine_house.hpp"

namespace ramet::engine {
namespace {

using namespace testing;

TEST_CASE("a first create that fails is taken back in reverse order")
{
    House house;
    house.driver.break_down("service/web");
    const auto run = house.run(apply_request(shop()));
    CHECK(run.state == RunState::rolled_back);
    CHECK(run.error->message == "service/web ended with code 1");
    CHECK(run.error->evidence == "last line of its log");
    CHECK(house.driver.objects().empty());
    CHECK(house.driver.changes().back() == "remove database/db");
    for (const auto& row : house.resources()) CHECK(row.phase == Phase::gone);
}

TEST_CASE("each step's failure unwinds, whichever it is and however it fails")
{
    const std::vector<std::string> paths{"database/db", "service/api", "service/web", "service/worker"};
    for (const auto& path : paths)
        for (const auto* how : {"terminal", "answer lost and terminal", "breaks down"}) {
            CAPTURE(path);
            CAPTURE(how);
            House house;
            house.driver.delay("service/worker", 3);
            if (std::string_view(how) == "terminal")
                house.driver.fail("apply " + path, Error{ErrorKind::invalid, "no"});
            if (std::string_view(how) == "breaks down") house.driver.break_down(path);
            if (std::string_view(how) == "answer lost and terminal") {
                house.driver.lose_answer("apply " + path);
                house.driver.break_down(path);
            }
            CHECK(house.run(apply_request(shop())).state == RunState::rolled_back);
            CHECK(house.driver.objects().empty());
        }
}

TEST_CASE("a failed create can be kept for a look, and is then taken back")
{
    House house;
    house.driver.break_down("service/web");
    auto request = apply_request(shop());
    request.keep_failed = Milliseconds{80};
    const auto run = house.submit(request);
    CHECK(house.end_of(run).state == RunState::kept);
    CHECK(house.driver.has("service/api"));
    house.until([&] { return (*house.engine->find_run(run))->state == RunState::rolled_back; });
    CHECK(house.driver.objects().empty());
}

TEST_CASE("what was kept for a look and cannot be taken back is left to a human")
{
    House house;
    house.driver.break_down("service/web");
    house.driver.fail("remove service/api", Error{ErrorKind::forbidden, "not yours"}, 100);
    auto request = apply_request(shop());
    request.keep_failed = Milliseconds{80};
    const auto run = house.submit(request);
    house.until([&] { return (*house.engine->find_run(run))->state == RunState::needs_human; });
    CHECK(house.driver.has("service/api"));
    // And after its end the next one may try.
    house.driver.fail("remove service/api", Error{ErrorKind::unavailable, "busy"}, 0);
    CHECK(house.run(destroy_request()).state == RunState::succeeded);
    CHECK(house.driver.objects().empty());
}

TEST_CASE("what an older version made is asked again for an output that only this version knows")
{
    House house;
    auto old = shop();
    for (auto& node : old.nodes) node.outputs = {"address"};
    house.driver.give_revisions(false);
    CHECK(house.run(apply_request(old)).state == RunState::succeeded);
    house.driver.give_revisions(true);
    auto graph = shop();
    graph.nodes.push_back(
        node("service/new", {"database/db"},
             json::object{{"revision", json::object{{"$out", json::array{"database/db", "revision"}}}}}));
    for (const bool looks_at_all : {false, true}) {
        auto request = update_request(graph);
        request.probe_all = looks_at_all;
        const auto run = house.run(request);
        CHECK_MESSAGE(run.state == RunState::succeeded, run.error.value_or(Error{}).message);
    }
    CHECK(house.driver.objects().size() == 5);
    CHECK_FALSE(get_string(house.driver.object("service/new").ref.spec, "revision").empty());
}

TEST_CASE("a failed update returns to the last good spec and removes only what it made")
{
    House house;
    house.run(apply_request(shop("1")));
    auto graph = shop("2");
    graph.nodes.push_back(node("service/new", {"database/db"}));
    graph.nodes.push_back(node("service/after", {"service/new", "service/api"}));
    house.driver.break_down("service/after");
    const auto run = house.run(update_request(graph));
    CHECK(run.state == RunState::rolled_back);
    CHECK(house.driver.objects().size() == 4);
    // It was updated, it works, and nothing that was taken back is under it: it stays.
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "2");
}

TEST_CASE("a step whose update fails is put back")
{
    House house;
    house.run(apply_request(shop("1")));
    house.driver.fail("apply service/api", Error{ErrorKind::invalid, "bad image"});
    CHECK(house.run(update_request(shop("2"))).state == RunState::rolled_back);
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "1");
    CHECK(house.driver.objects().size() == 4);
    // And the next push is an update again.
    CHECK(house.run(update_request(shop("2"))).state == RunState::succeeded);
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "2");
}

TEST_CASE("transient errors and lost answers do not fail a run and make nothing twice")
{
    const Error throttled{ErrorKind::unavailable, "slow down"};
    const Error timed_out{ErrorKind::timeout, "no answer"};
    for (const auto* verb : {"apply", "await"}) {
        House house;
        house.driver.fail(std::string(verb) + " service/api", throttled, 3);
        house.driver.fail(std::string(verb) + " service/web", timed_out, 2);
        house.driver.lose_answer("apply database/db", 2);
        CHECK(house.run(apply_request(shop())).state == RunState::succeeded);
        CHECK(house.driver.objects().size() == 4);
    }
}

TEST_CASE("after a lost answer a driver that cannot tell what it applied is asked again, as it may have been cut off "
          "half way")
{
    for (const bool tells : {true, false}) {
        CAPTURE(tells);
        House house;
        if (!tells) house.driver.tell_no_specs();
        house.driver.lose_answer("apply service/worker");
        auto graph = shop();
        for (auto& node : graph.nodes)
            if (node.path == "service/worker")
                node.outputs.clear();  // What only apply tells would be asked for again anyway.
        CHECK(house.run(apply_request(graph)).state == RunState::succeeded);
        const auto changes = house.driver.changes();
        CHECK(std::ranges::count(changes, "apply service/worker") == (tells ? 1 : 2));
        CHECK(house.driver.objects().size() == 4);
    }
}

TEST_CASE("a transient error for ever spends its budget and fails with the provider's words")
{
    House house;
    house.driver.fail("apply service/web", Error{ErrorKind::unavailable, "slow down", "quota of 5"}, 1000);
    const auto run = house.run(apply_request(shop()));
    CHECK(run.state == RunState::rolled_back);
    CHECK(run.error->evidence == "quota of 5");
    CHECK(house.driver.objects().empty());
}

TEST_CASE("destroy removes dependents first, observes absence and leaves a receipt")
{
    House house;
    house.run(apply_request(shop()));
    const auto run = house.run(destroy_request());
    CHECK(run.state == RunState::succeeded);
    CHECK(house.driver.objects().empty());
    CHECK(house.driver.changes().back() == "remove database/db");
    const auto receipt = house.engine->find_receipt(OwnerId("env-1"));
    REQUIRE(receipt->has_value());
    CHECK((*receipt)->name == "pr-42");
    CHECK((*receipt)->resources.size() == 4);
    CHECK((*receipt)->hash == hash_of(**receipt));
}

TEST_CASE("before-delete nodes run first, best effort, and are removed as well")
{
    for (const bool fails : {false, true}) {
        House house;
        house.run(apply_request(shop()));
        auto request = destroy_request();
        const Json address = json::object{{"$out", json::array{"database/db", "address"}}};
        request.graph.nodes = {node("job/export", {"database/db"}, json::object{{"database", address}})};
        if (fails) house.driver.break_down("job/export");
        const auto before = house.driver.changes().size();
        CHECK(house.run(request).state == RunState::succeeded);
        CHECK(house.driver.changes()[before] == "apply job/export");
        CHECK(house.driver.objects().empty());
        CHECK((*house.engine->find_receipt(OwnerId("env-1")))->resources.size() == 5);
    }
}

TEST_CASE("a removal that cannot be done asks for a human, and the next destroy finishes it")
{
    House house;
    house.run(apply_request(shop()));
    house.driver.fail("remove service/api", Error{ErrorKind::forbidden, "no right to delete"}, 1);
    const auto run = house.run(destroy_request());
    CHECK(run.state == RunState::needs_human);
    CHECK(run.error->message == "no right to delete");
    CHECK(house.driver.has("database/db"));
    CHECK(house.run(destroy_request()).state == RunState::succeeded);
    CHECK(house.driver.objects().empty());
}

TEST_CASE("what is not ours is never changed and never removed")
{
    House house;
    house.run(apply_request(shop()));
    auto stolen = house.driver.object("service/web");
    stolen.ref.mark.nonce = "somebody else's";
    house.driver.put(stolen.ref.name, stolen);
    CHECK(house.run(destroy_request()).state == RunState::succeeded);
    CHECK(house.driver.objects().size() == 1);
}

TEST_CASE("a copied mark on another object stops the removal")
{
    House house;
    house.run(apply_request(shop()));
    auto copy = house.driver.object("service/web");
    copy.identity = "another one";
    house.driver.put(copy.ref.name, copy);
    const auto run = house.run(destroy_request());
    CHECK(run.state == RunState::needs_human);
    CHECK(house.driver.has("service/web"));
}

TEST_CASE("a run that takes too long fails with what it waited for")
{
    House house;
    house.driver.delay("service/web", 1'000'000);
    auto request = apply_request(shop());
    request.timeout = Milliseconds{100};
    const auto run = house.run(request);
    CHECK(run.state == RunState::rolled_back);
    CHECK(run.error->kind == ErrorKind::timeout);
    CHECK(run.error->evidence.find("service/web (warming up)") != std::string::npos);
    CHECK(house.driver.objects().empty());
}

}  // namespace
}  // namespace ramet::engine
