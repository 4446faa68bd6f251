#include "engine/plan.hpp"

#include "engine/fill.hpp"
#include "engine/names.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

const OwnerId owner("env-1");

/// A spec's member "shape" cannot be changed in place.
const Classify classify = [](const std::string&, const Json& old_spec, const Json& new_spec) {
    return get_member(old_spec, "shape") == get_member(new_spec, "shape") ? Driver::Change::update
                                                                          : Driver::Change::replace;
};

Json spec(std::string_view text)
{
    return *parse_json(text);
}

Node node(const std::string& path, Json spec_value = json::object{}, std::vector<std::string> needs = {})
{
    return Node{path, "thing", std::move(spec_value), std::move(needs), {"port"}};
}

ResourceRow row(const std::string& path, Json spec_value = json::object{}, std::vector<std::string> needs = {},
                Phase phase = Phase::live, std::int64_t incarnation = 1)
{
    ResourceRow made;
    made.ref.id = derive_resource_id("install", owner, path);
    made.ref.path = path;
    made.ref.kind = "thing";
    made.ref.incarnation = incarnation;
    made.ref.name = derive_name(path, made.ref.id, incarnation);
    made.ref.spec = std::move(spec_value);
    made.ref.outputs = {{"port", "1"}};
    made.spec_hash = spec_hash(made.ref.spec);
    made.depends_on = std::move(needs);
    made.phase = phase;
    return made;
}

/// "create a, keep b, remove c #1": what people would be told.
std::string told(const Plan& plan)
{
    std::string text;
    for (const auto& step : plan.steps) {
        if (step.condition != RemovalCondition::always) continue;
        text += (text.empty() ? "" : ", ") + std::string(to_string(step.action)) + " " + step.path;
        if (step.action == StepAction::remove) text += " #" + std::to_string(step.incarnation);
    }
    return text;
}

Plan plan_of(const Graph& graph, const std::vector<ResourceRow>& ledger, RunKind kind = RunKind::apply)
{
    auto made = plan(PlanInput{graph, kind, false, ledger, classify});
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return *std::move(made);
}

const PlanStep& step_of(const Plan& plan, const std::string& key)
{
    for (const auto& step : plan.steps)
        if (step.key == key) return step;
    FAIL("no step " << key);
    return plan.steps.front();
}

TEST_CASE("a plan is what the graph wants minus what the ledger has")
{
    const auto port_of_a = json::object{{"a", json::object{{"$out", json::array{"a", "port"}}}}};
    struct Case {
        std::string_view story;
        Graph graph;
        std::vector<ResourceRow> ledger;
        std::string_view want;
    };
    const Case cases[] = {
        {"nothing there", {{node("b", {}, {"a"}), node("a")}}, {}, "create a, create b"},
        {"nothing to do", {{node("a")}}, {row("a")}, "keep a"},
        {"a changed spec", {{node("a", spec(R"({"v":2})"))}}, {row("a", spec(R"({"v":1})"))}, "update a"},
        {"a change that cannot be made in place",
         {{node("a", spec(R"({"shape":2})"))}},
         {row("a", spec(R"({"shape":1})"))},
         "replace a"},
        {"another kind under the same path", {{Node{"a", "other", json::object{}}}}, {row("a")}, "replace a"},
        {"gone from the graph", {{node("a")}}, {row("a"), row("b")}, "keep a, remove b #1"},
        {"a known output is filled in",
         {{node("a"), node("b", port_of_a, {"a"})}},
         {row("a"), row("b", spec(R"({"a":"1"})"), {"a"})},
         "keep a, keep b"},
        {"what needs something changed may change",
         {{node("a", spec(R"({"v":2})")), node("b", port_of_a, {"a"})}},
         {row("a", spec(R"({"v":1})")), row("b", spec(R"({"a":"1"})"), {"a"})},
         "update a, update b"},
        {"never seen ready", {{node("a")}}, {row("a", json::object{}, {}, Phase::intended)}, "update a"},
        {"made and removed before", {{node("a")}}, {row("a", json::object{}, {}, Phase::gone, 3)}, "create a"},
        {"half removed", {{node("a")}}, {row("a", json::object{}, {}, Phase::removing, 2)}, "remove a #2, create a"},
        {"a replacement that was superseded",
         {{node("a")}},
         {row("a"), row("a", json::object{}, {}, Phase::live, 2)},
         "keep a, remove a #1"},
    };
    for (const auto& [story, graph, ledger, want] : cases) {
        CAPTURE(story);
        CHECK(told(plan_of(graph, ledger)) == want);
    }
}

TEST_CASE("the next incarnation is counted from all that ever were")
{
    CHECK(step_of(plan_of({{node("a")}}, {row("a", json::object{}, {}, Phase::gone, 3)}), "a").incarnation == 4);
    CHECK(step_of(plan_of({{node("a")}}, {row("a", json::object{}, {}, Phase::removing, 2)}), "a").after ==
          std::vector<std::string>{"remove a #2"});
}

TEST_CASE("dependents are removed before what they depend on, also in a circle of old rows")
{
    const auto chain = plan_of({}, {row("a"), row("b", {}, {"a"}), row("c", {}, {"b"})}, RunKind::destroy);
    CHECK(step_of(chain, "remove a #1").after == std::vector<std::string>{"remove b #1"});
    CHECK(step_of(chain, "remove b #1").after == std::vector<std::string>{"remove c #1"});
    CHECK(step_of(chain, "remove c #1").after.empty());
    const auto circle = plan_of({}, {row("a", {}, {"b"}), row("b", {}, {"a"})}, RunKind::destroy);
    CHECK(step_of(circle, "remove a #1").after.size() + step_of(circle, "remove b #1").after.size() == 1);
}

TEST_CASE("a destroy also removes what its own jobs make")
{
    const Json port = json::object{{"$out", json::array{"a", "port"}}};
    const auto made = plan_of({{Node{"job", "thing", port, {"a"}}}}, {row("a")}, RunKind::destroy);
    CHECK(told(made) == "create job, remove a #1");
    CHECK(step_of(made, "remove job #1").condition == RemovalCondition::when_made);
    CHECK(step_of(made, "remove a #1").after == std::vector<std::string>{"remove job #1"});
}

TEST_CASE("an unchanged graph plans nothing")
{
    CHECK(is_empty(plan_of({{node("a")}}, {row("a")})));
    CHECK_FALSE(is_empty(plan_of({{node("a")}}, {})));
    CHECK_FALSE(is_empty(plan_of({}, {row("a")})));
}

TEST_CASE("a plan is read back as it was written, and equal plans have equal hashes")
{
    const auto made = plan_of({{node("a", spec(R"({"shape":2})")), node("b", {}, {"a"})}},
                              {row("a", spec(R"({"shape":1})")), row("c", {}, {}, Phase::removing)});
    const auto again = plan_from_json(to_json(made));
    REQUIRE(again.has_value());
    CHECK(to_canonical_text(to_json(*again)) == to_canonical_text(to_json(made)));
    CHECK(hash_of(*again) == hash_of(made));
    CHECK(plan_from_json(json::object{}).error().kind == ErrorKind::integrity);
    CHECK(plan_from_json(spec(R"({"steps":[{"key":"a","action":"explode"}]})")).error().kind == ErrorKind::integrity);
}

TEST_CASE("a request is read back as it was written")
{
    RunRequest request;
    request.owner = owner;
    request.generation = 7;
    request.kind = RunKind::destroy;
    request.graph = {{node("a", spec(R"({"v":2})"), {})}};
    request.on_failure = FailurePolicy::keep_last_good;
    request.keep_failed = Milliseconds{5};
    request.timeout = Milliseconds{6};
    request.probe_all = true;
    const auto again = request_from_json(to_json(request));
    REQUIRE(again.has_value());
    CHECK(to_json(*again) == to_json(request));
    CHECK(again->on_failure == FailurePolicy::keep_last_good);
}

TEST_CASE("names, ids and tokens are derived and never meet")
{
    const auto id = derive_resource_id("install", owner, "service/web");
    CHECK(id == derive_resource_id("install", owner, "service/web"));
    CHECK(id != derive_resource_id("install", OwnerId("env-2"), "service/web"));
    CHECK(id != derive_resource_id("other", owner, "service/web"));
    CHECK(derive_name("service/web", id, 1) == derive_name("service/web", id, 1));
    CHECK(derive_name("service/web", id, 1) != derive_name("service/web", id, 2));
    CHECK(derive_name("service/web", id, 1).starts_with("service-web-"));
    CHECK(derive_name(std::string(200, 'x'), id, 1).size() <= 52);
    const EngineRunId run("run-1");
    CHECK(derive_token(id, 1, run, "a") == derive_token(id, 1, run, "a"));
    CHECK(derive_token(id, 1, run, "a") != derive_token(id, 1, run, "b"));
    CHECK(derive_token(id, 1, run, "a") != derive_token(id, 2, run, "a"));
    CHECK(derive_token(id, 1, run, "a") != derive_token(id, 1, EngineRunId("run-2"), "a"));
}

}  // namespace
}  // namespace ramet::engine
