#include "failpoints/orders.hpp"

#include <cerrno>
#include <doctest/doctest.h>

using namespace ramet::failpoints;

TEST_CASE("orders are read as they are written")
{
    const auto orders =
        parse_orders("root /data\nlog /tmp/places\n\noperations /tmp/calls\nfired /tmp/failed\nkill before apply "
                     "service/web #1\nlose after apply data/db #2\n"
                     "fail ENOSPC 2 write() state/ramet.db-wal\nfail EIO always fsync() *\nclock 1200\n");
    REQUIRE(orders.has_value());
    CHECK(orders->root == "/data");
    CHECK(orders->log == "/tmp/places");
    CHECK(orders->operations == "/tmp/calls");
    CHECK(orders->fired == "/tmp/failed");
    CHECK(orders->kill == "before apply service/web #1");
    CHECK(orders->lose == "after apply data/db #2");
    REQUIRE(orders->faults.size() == 2);
    CHECK(orders->faults[0].error == ENOSPC);
    CHECK(orders->faults[0].which == 2);
    CHECK(orders->faults[0].name == "write() state/ramet.db-wal");
    CHECK(orders->faults[1].which == 0);
    CHECK(orders->clock.count() == 1200);
}

TEST_CASE("orders that are misspelt are none")
{
    for (const auto* text :
         {"kil before apply #1", "log", "fail ENOSPC write() x", "fail ENOTHING 1 write() x", "fail EIO 0 write() x",
          "fail EIO always", "fail EIO 1 write", "clock soon", "fail EIO -1 write() x"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_orders(text).has_value());
    }
    CHECK(parse_orders("").has_value());
}

TEST_CASE("calls matter only to orders that name them")
{
    const auto engine = parse_orders("kill before apply service/web #1\nlog /tmp/x\nclock 3");
    CHECK_FALSE(engine->concern("write"));
    for (const auto* text : {"kill before write() state/ramet.db #1", "fail EIO 1 write() x", "operations /tmp/x"}) {
        CAPTURE(text);
        CHECK(parse_orders(text)->concern("write"));
        CHECK(parse_orders(text)->concern("rewrite") == std::string_view(text).starts_with("operations"));
    }
}

TEST_CASE("a call's name is the same in every run of the same work")
{
    struct Case {
        std::string_view path, want;
    };
    const Case cases[] = {
        {"/data/state/ramet.db-wal", "write() state/ramet.db-wal"},
        {"/data/keys/.keys.0123456789ab", "write() keys/.keys.*"},
        {"/data/environments/e4f1a09c33/shims/service-web/mark.json",
         "write() environments/*/shims/service-web/mark.json"},
        {"/data/store/databases/db-main-3f9a01bc/PG_VERSION", "write() store/databases/db-main-*/PG_VERSION"},
        {"/data/store/databases/x-3f9a01bc/data/base/1/2619", "write() store/databases/x-*/data/…"},
        {"/data/store/1234", "write() store/*"},
        {"/data", "write() ."},
        {"/database/x", "write() /database"},
        {"/proc/self/mountinfo", "write() /proc"},
        {"unix", "write() unix"},
    };
    for (const auto& [path, want] : cases) {
        CAPTURE(path);
        CHECK(name_call("write", path, "/data") == want);
    }
    CHECK(name_call("read", "/data/x", "") == "read() /data");
}
