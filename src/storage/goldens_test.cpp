#include "storage/goldens.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

const ProjectId shop{"p-shop"};
const EnvironmentId staging{"e-staging"};

Golden golden(const std::string& id, int made_at, GoldenState state = GoldenState::ready)
{
    return {.id = GoldenId(id),
            .project = shop,
            .source = staging,
            .database = "db",
            .rules_hash = "rules",
            .schema_hash = "schema",
            .path = "/data/" + id,
            .bytes = 7,
            .state = state,
            .made_at = at(made_at)};
}

struct Fixture {
    TestDatabase database;
    Goldens goldens{*database};

    void insert(std::initializer_list<Golden> rows)
    {
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            for (const auto& row : rows) TRY(goldens.insert(transaction, row));
            return {};
        });
    }
    Result<void> pin(const std::string& id, const std::string& environment)
    {
        return database->write([&](Transaction& transaction) {
            return goldens.pin(transaction, GoldenId(id), EnvironmentId(environment));
        });
    }
    std::vector<std::string> removable(int keep)
    {
        std::vector<std::string> ids;
        const auto rows = goldens.list_removable(shop, keep).value();
        for (const auto& row : rows) ids.push_back(row.id.str());
        return ids;
    }
};

}  // namespace

TEST_CASE("the newest golden copy that is ready and made under the same rules is found")
{
    Fixture f;
    auto other_rules = golden("other-rules", 9);
    other_rules.rules_hash = "others";
    f.insert({golden("old", 1), golden("new", 2), golden("making", 3, GoldenState::making),
              golden("bad", 4, GoldenState::failed), other_rules});
    CHECK(f.goldens.find_newest(staging, "db", "rules").value() == golden("new", 2));
    CHECK_FALSE(f.goldens.find_newest(staging, "other", "rules").value().has_value());
    CHECK(f.goldens.get(GoldenId("bad")).value() == golden("bad", 4, GoldenState::failed));
    CHECK(f.goldens.list(shop)->front().id.str() == "other-rules");
}

TEST_CASE("a golden copy is published by an update")
{
    Fixture f;
    auto row = golden("g", 1, GoldenState::making);
    f.insert({row});
    row.state = GoldenState::ready;
    row.bytes = 1'000;
    row.path = "/elsewhere";
    must_write(f.database, [&](Transaction& transaction) { return f.goldens.update(transaction, row); });
    CHECK(f.goldens.find_newest(staging, "db", "rules").value() == row);
}

TEST_CASE("what a preview has pinned is neither removable nor removed")
{
    Fixture f;
    f.insert(
        {golden("g1", 1), golden("g2", 2), golden("g3", 3), golden("g4", 4), golden("bad", 5, GoldenState::failed)});
    CHECK(f.removable(3) == std::vector<std::string>{"g1", "bad"});
    REQUIRE(f.pin("g1", "pr-1").has_value());
    REQUIRE(f.pin("g1", "pr-1").has_value());
    REQUIRE(f.pin("g1", "pr-2").has_value());
    CHECK(f.removable(3) == std::vector<std::string>{"bad"});
    CHECK(f.goldens.list_pins(GoldenId("g1"))->size() == 2);
    const auto remove = [&] {
        return f.database->write(
            [&](Transaction& transaction) { return f.goldens.remove(transaction, GoldenId("g1")); });
    };
    CHECK(remove().error().kind == ErrorKind::conflict);
    must_write(f.database, [&](Transaction& transaction) -> Result<void> {
        TRY(f.goldens.unpin(transaction, GoldenId("g1"), EnvironmentId("pr-1")));
        return f.goldens.unpin(transaction, GoldenId("g1"), EnvironmentId("pr-2"));
    });
    CHECK(remove().has_value());
    CHECK(remove().has_value());
}

TEST_CASE("a golden copy that is not ready or gone cannot be pinned")
{
    Fixture f;
    f.insert({golden("making", 1, GoldenState::making)});
    CHECK(f.pin("making", "pr-1").error().kind == ErrorKind::conflict);
    CHECK(f.pin("none", "pr-1").error().kind == ErrorKind::conflict);
}

}  // namespace ramet::storage
