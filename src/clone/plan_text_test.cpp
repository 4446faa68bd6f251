#include "clone/plan_text.hpp"

#include "support/shop_project.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::clone;
using namespace ramet::clone::testing;

namespace {

PlanSummary first_plan()
{
    const auto base = desired_of_base(shop_base());
    const auto cloned = clone_for_preview(shop_input());
    return summarize(cloned,
                     {.known = {.base = &base.desired,
                                .base_name = "staging",
                                .golden_ages = {{"db", Milliseconds{12 * 60'000 + 5'000}}},
                                .public_address = {.scheme = "http", .port = 8080}},
                      .not_applied = {{"services.api.resources", "nothing enforces it here", "ramet.yaml:28:5"}},
                      .not_enforced = {"services can reach those of other environments on loopback"}});
}

/// The plan of `input` when the preview of `shop_input()` is deployed already.
PlanSummary next_plan(const CloneInput& input)
{
    const auto previous = clone_for_preview(shop_input());
    const auto cloned = clone_for_preview(input);
    return summarize(cloned, {.known = {.previous = &previous.desired, .base_name = "staging"}});
}

Action action_of(const PlanSummary& plan, const std::string& service)
{
    const auto line = std::ranges::find(plan.services, service, &ServiceLine::name);
    REQUIRE(line != plan.services.end());
    return line->action;
}

}  // namespace

TEST_CASE("the plan of a first preview says what happens and why")
{
    const auto plan = first_plan();
    CHECK(has_changes(plan));
    CHECK(plan.refusals.empty());
    check_golden("first_plan.txt", to_text(plan));
    check_golden("first_plan.json", to_pretty_text(to_json(plan)) + "\n");
}

TEST_CASE("what every environment has of its own is no difference: passwords, generated values, public hosts")
{
    for (const auto& change : first_plan().against_base) {
        CAPTURE(change.key);
        CHECK(change.key != "DATABASE_URL");
        CHECK(change.key != "SESSION_KEY");
        CHECK(change.key != "API_URL");
    }
}

TEST_CASE("the same again is nothing to do")
{
    const auto plan = next_plan(shop_input());
    CHECK_FALSE(has_changes(plan));
    CHECK(to_text(plan).ends_with("nothing to do\n"));
}

TEST_CASE("a push that changes one service updates that one only")
{
    auto input = shop_input();
    input.revision.commit = CommitSha(std::string(40, 'c'));
    input.preview_trees["web"] = "changed";
    const auto plan = next_plan(input);
    CHECK(has_changes(plan));
    CHECK(action_of(plan, "web") == Action::update);
    CHECK(action_of(plan, "api") == Action::keep);
    CHECK(action_of(plan, "worker") == Action::keep);
    for (const auto& database : plan.databases) CHECK(database.action == Action::keep);
    check_golden("push_plan.txt", to_text(plan));
}

TEST_CASE("a push with another migration says that a failure takes back the code only")
{
    auto input = shop_input();
    input.revision.commit = CommitSha(std::string(40, 'c'));
    input.preview_trees["migrate"] = "changed";
    const auto said =
        "job migrate runs before the start: should the deployment fail, the code goes back to what it was, "
        "the data does not";
    CHECK(to_text(next_plan(input)).contains(said));
    CHECK_FALSE(to_text(next_plan(shop_input())).contains(said));
    CHECK_FALSE(to_text(first_plan()).contains(said));
}

TEST_CASE("a service that is gone is removed, and lines that moved are no change")
{
    const auto without_worker =
        replaced(replaced(shop_text(), "  worker: {from: api, run: ./worker, replicas: 2}\n", ""),
                 "    worker: {replicas: 1}\n", "");
    const auto removed = next_plan(shop_input(without_worker));
    CHECK(action_of(removed, "worker") == Action::remove);
    CHECK_FALSE(has_changes(next_plan(shop_input("# moved\n" + shop_text()))));
}

TEST_CASE("on_push: reset resets the data of a push, and of nothing else")
{
    auto input = shop_input();
    input.trusted.previews->data["db"].on_push = OnPush::reset;
    CHECK(next_plan(input).databases.at(0).action == Action::keep);
    input.revision.commit = CommitSha(std::string(40, 'c'));
    CHECK(next_plan(input).databases.at(0).action == Action::update);
    CHECK(next_plan(input).databases.at(1).action == Action::keep);
}

TEST_CASE("refusals are shown all at once, with what to do")
{
    auto input = shop_input();
    input.around.stored.secrets.clear();
    input.shared.clear();
    const auto plan = next_plan(input);
    const auto text = to_text(plan);
    CHECK(plan.refusals.size() == 2);
    CHECK(text.find("a secret is missing: stripe-sandbox (for web.STRIPE_KEY, api.STRIPE_KEY") != std::string::npos);
    CHECK(text.find("ramet secret set stripe-sandbox --previews") != std::string::npos);
    CHECK(text.find("no running 'mail'") != std::string::npos);
}
