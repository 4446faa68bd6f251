#include "storage/tokens.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

Token token(const std::string& id, std::optional<Time> expires_at = {})
{
    return {.id = id,
            .name = "name of " + id,
            .sha256 = "hash of " + id,
            .prefix = "rmt_ab",
            .role = "deployer",
            .project = ProjectId("p-1"),
            .created_by = "alice",
            .created_at = at(1),
            .expires_at = expires_at};
}

}  // namespace

TEST_CASE("a token is valid until it expires or is revoked")
{
    TestDatabase database;
    Tokens tokens(*database);
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(tokens.insert(transaction, token("ever")));
        return tokens.insert(transaction, token("short", at(100)));
    });
    CHECK(tokens.find_valid("hash of ever", at(1'000'000)).value() == token("ever"));
    CHECK(tokens.find_valid("hash of short", at(99)).value() == token("short", at(100)));
    CHECK_FALSE(tokens.find_valid("hash of short", at(100)).value().has_value());
    CHECK_FALSE(tokens.find_valid("ever", at(1)).value().has_value());

    must_write(database, [&](Transaction& transaction) { return tokens.revoke(transaction, "ever", at(5)); });
    must_write(database, [&](Transaction& transaction) { return tokens.revoke(transaction, "ever", at(6)); });
    CHECK_FALSE(tokens.find_valid("hash of ever", at(6)).value().has_value());
    CHECK(tokens.get("ever")->revoked_at == at(5));
    const auto absent =
        database->write([&](Transaction& transaction) { return tokens.revoke(transaction, "none", at(6)); });
    CHECK(absent.error().kind == ErrorKind::not_found);
}

TEST_CASE("tokens are listed for a project or for all")
{
    TestDatabase database;
    Tokens tokens(*database);
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        auto other = token("other");
        other.project = ProjectId();
        TRY(tokens.insert(transaction, token("mine")));
        TRY(tokens.set_last_used(transaction, "mine", at(9)));
        return tokens.insert(transaction, other);
    });
    CHECK(tokens.list(ProjectId())->size() == 2);
    const auto mine = tokens.list(ProjectId("p-1")).value();
    REQUIRE(mine.size() == 1);
    CHECK(mine[0].last_used_at == at(9));
}

TEST_CASE("the same token cannot be stored twice")
{
    TestDatabase database;
    Tokens tokens(*database);
    must_write(database, [&](Transaction& transaction) { return tokens.insert(transaction, token("a")); });
    auto same = token("b");
    same.sha256 = "hash of a";
    const auto written = database->write([&](Transaction& transaction) { return tokens.insert(transaction, same); });
    CHECK(written.error().kind == ErrorKind::conflict);
}

}  // namespace ramet::storage
