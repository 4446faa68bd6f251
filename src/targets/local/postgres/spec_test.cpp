#include "targets/local/postgres/spec.hpp"

#include "base/json.hpp"
#include "engine/graph.hpp"
#include "targets/local/postgres/golden_spec.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace ramet;
using namespace ramet::targets::postgres;

namespace {

DatabaseSpec shop()
{
    return {.database = "db",
            .environment = EnvironmentId("e1"),
            .strategy = DataStrategy::clone,
            .golden = GoldenId("g1"),
            .role = "shop",
            .database_name = "shopdb",
            .password = {"secret-1", 3}};
}

}  // namespace

TEST_CASE("the nodes of a database make a graph in the order data, server, database")
{
    const auto nodes = database_nodes(shop());
    REQUIRE(nodes.size() == 3);
    CHECK(nodes[0].path == "data/db");
    CHECK(nodes[1].path == "server/db");
    CHECK(nodes[1].needs == std::vector<std::string>{"data/db"});
    CHECK(nodes[2].path == "database/db");
    CHECK(nodes[2].needs == std::vector<std::string>{"server/db"});
    CHECK(nodes[2].outputs == std::vector<std::string>{"host", "port"});
}

TEST_CASE("each output that a node refers to is promised by a node that it needs")
{
    const auto nodes = database_nodes(shop());
    for (std::size_t index = 1; index < nodes.size(); ++index) {
        for (const auto& member : nodes[index].spec.as_object()) {
            const auto& out = get_member(member.value(), "$out");
            if (!out.is_array()) continue;
            CAPTURE(nodes[index].path);
            CHECK(nodes[index - 1].path == out.at(0).as_string());
            const auto wanted = std::string(out.at(1).as_string());
            CAPTURE(wanted);
            CHECK(std::ranges::find(nodes[index - 1].outputs, wanted) != nodes[index - 1].outputs.end());
        }
    }
}

TEST_CASE("the password stands in the spec as a reference only")
{
    const auto password = get_member(role_node(shop()).spec, "password");
    CHECK(get_string(password, "$secret") == "secret-1");
    CHECK(get_int(password, "version") == 3);
    CHECK(password.as_object().size() == 2);
}

TEST_CASE("a kept golden is rendered as it was")
{
    const auto node = golden_node({.source = {ProjectId("p"), "e1", "db"},
                                   .label = "3",
                                   .socket_directory = "/s",
                                   .port = "1",
                                   .database_name = "d"});
    CHECK(node.path == "golden/e1/db/3");
    engine::ResourceRef ref;
    ref.path = node.path;
    ref.kind = node.kind;
    ref.spec = node.spec;
    const auto kept = kept_golden_node(ref);
    CHECK(kept.path == node.path);
    CHECK(kept.spec == node.spec);
    CHECK(kept.outputs == node.outputs);
}
