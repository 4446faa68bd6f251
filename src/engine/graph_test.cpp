#include "engine/graph.hpp"

#include "engine/graph_check.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

Json out(const std::string& path, const std::string& output)
{
    return json::object{{"$out", json::array{path, output}}};
}

TEST_CASE("a graph is accepted or refused with the reason")
{
    struct Case {
        std::string_view story;
        Graph graph;
        std::string_view want;
    };
    const Case cases[] = {
        {"nothing at all", {}, ""},
        {"a chain", {{{"a", "k", {}, {}, {"port"}}, {"b", "k", out("a", "port"), {"a"}}}}, ""},
        {"the order of nodes does not matter", {{{"b", "k", {}, {"a"}}, {"a", "k", {}}}}, ""},
        {"no path", {{{"", "k", {}}}}, "a node of kind k has no path"},
        {"no kind", {{{"a", "", {}}}}, "the node a has no kind"},
        {"the same path twice", {{{"a", "k", {}}, {"a", "k", {}}}}, "two nodes have the path a"},
        {"a need that is not there", {{{"a", "k", {}, {"b"}}}}, "a needs b, which is not in the graph"},
        {"a node that needs itself", {{{"a", "k", {}, {"a"}}}}, "the graph has a cycle: a → a"},
        {"a circle",
         {{{"a", "k", {}, {"c"}}, {"b", "k", {}, {"a"}}, {"c", "k", {}, {"b"}}}},
         "the graph has a cycle: a → c → b → a"},
        {"an output of what is not needed",
         {{{"a", "k", {}, {}, {"port"}}, {"b", "k", out("a", "port")}}},
         "b refers to the output port of a, which it does not need"},
        {"an output that is not promised",
         {{{"a", "k", {}}, {"b", "k", out("a", "port"), {"a"}}}},
         "b refers to the output port of a, which does not promise it"},
        {"a reference that is none",
         {{{"a", "k", json::object{{"$out", "b"}}}}},
         "{\"$out\":\"b\"} is no reference: want {\"$out\": [path, output]}"},
    };
    for (const auto& [story, graph, want] : cases) {
        CAPTURE(story);
        const auto result = check_graph(graph);
        CHECK((result ? std::string() : result.error().message) == want);
        if (!result) CHECK(result.error().kind == ErrorKind::invalid);
    }
}

TEST_CASE("a job before a removal may need what the owner has although it is in no graph")
{
    const Graph graph{{{"job", "k", out("database", "port"), {"database"}}}};
    CHECK_FALSE(check_graph(graph).has_value());
    CHECK(check_graph(graph, {{"database", {{"port", "1"}}}}).has_value());
    CHECK_FALSE(check_graph(graph, {{"database", {{"address", "1"}}}}).has_value());
}

}  // namespace
}  // namespace ramet::engine
