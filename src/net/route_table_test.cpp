#include "net/route_table.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace ramet::net {

namespace {

Route route_to(std::string environment)
{
    return {.to = Upstream{.port = 1}, .service = "web", .environment = std::move(environment)};
}

}  // namespace

TEST_CASE("routes are found by host, without case, port or final dot")
{
    RouteTable table;
    REQUIRE(table.set("Web-PR-1.localhost.", route_to("pr-1")));
    for (const std::string_view host : {"web-pr-1.localhost", "WEB-pr-1.LOCALHOST:8080", "web-pr-1.localhost."}) {
        CAPTURE(host);
        REQUIRE(table.find(host));
        CHECK(table.find(host)->environment == "pr-1");
    }
    CHECK_FALSE(table.find("pr-1.localhost"));
    CHECK_FALSE(table.find("not a host"));
    table.remove("WEB-PR-1.localhost");
    CHECK_FALSE(table.find("web-pr-1.localhost"));
    table.remove("not a host");
}

TEST_CASE("a host that is none is refused and nothing is changed")
{
    RouteTable table;
    const auto version = table.version();
    const auto refused = table.update({{"good.test", route_to("a")}, {"bad host", route_to("b")}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid);
    CHECK(table.size() == 0);
    CHECK(table.version() == version);
}

TEST_CASE("a reader sees a change at its next look and keeps what it holds")
{
    RouteTable table;
    RouteReader reader(table);
    CHECK_FALSE(reader.find("a.test"));
    REQUIRE(table.set("a.test", route_to("old")));
    const auto held = *reader.find("a.test");
    REQUIRE(table.set("a.test", route_to("new")));
    CHECK((*reader.find("a.test"))->environment == "new");
    CHECK(held->environment == "old");
    table.remove("a.test");
    CHECK_FALSE(reader.find("a.test"));
}

TEST_CASE("readers never see half an update")
{
    RouteTable table;
    REQUIRE(table.update({{"a.test", route_to("0")}, {"b.test", route_to("0")}}));
    std::atomic<int> torn = 0;
    std::jthread reading([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const auto map = table.snapshot();
            if (map->at("a.test")->environment != map->at("b.test")->environment) ++torn;
        }
    });
    for (int i = 1; i < 500; ++i) {
        const auto name = std::to_string(i);
        REQUIRE(table.update({{"a.test", route_to(name)}, {"b.test", route_to(name)}}));
    }
    reading = {};
    CHECK(torn == 0);
}

TEST_CASE("what is set and removed in one update ends as it was set")
{
    RouteTable table;
    REQUIRE(table.set("a.test", route_to("old")));
    const std::string removed[] = {"a.test", "b.test"};
    REQUIRE(table.update({{"a.test", route_to("new")}}, removed));
    CHECK(table.find("a.test")->environment == "new");
}

}  // namespace ramet::net
