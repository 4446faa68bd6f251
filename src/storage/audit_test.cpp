#include "storage/audit.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

struct Fixture {
    TestDatabase database;
    Audit audit{*database};

    Fixture()
    {
        for (int i = 1; i <= 5; ++i) append("action-" + std::to_string(i), i % 2 == 0 ? "shop" : "blog");
    }
    void append(const std::string& action, const std::string& project)
    {
        must_write(database, [&](Transaction& transaction) {
            return audit.append(transaction, {.at = at(1),
                                              .actor = "alice",
                                              .action = action,
                                              .project = project,
                                              .subject = "pr-1",
                                              .detail = "{}"});
        });
    }
    /// As somebody with the file in hand would: the triggers are no obstacle.
    void tamper(const std::string& sql)
    {
        must_write(database, [&](Transaction& transaction) {
            const std::string of_table = test_store() ? " ON audit" : "";
            return transaction->execute_script("DROP TRIGGER audit_is_not_edited" + of_table +
                                               "; DROP TRIGGER audit_is_not_cut" + of_table + "; " + sql);
        });
    }
};

}  // namespace

TEST_CASE("an untouched log is whole, also when it is empty")
{
    Fixture f;
    CHECK(f.audit.verify().value() == 5);
    TestDatabase empty;
    CHECK(Audit(*empty).verify().value() == 0);
    f.database.reopen();
    CHECK(Audit(*f.database).verify().value() == 5);
}

TEST_CASE("every edited, removed, added or cut off record is found")
{
    const struct {
        std::string_view story, sql, record;
    } cases[] = {
        {"another actor", "UPDATE audit SET actor = 'bob' WHERE id = 2", "record 2"},
        {"another time", "UPDATE audit SET at = at + 1 WHERE id = 5", "record 5"},
        {"another action", "UPDATE audit SET action = 'x' WHERE id = 1", "record 1"},
        {"another project", "UPDATE audit SET project = 'x' WHERE id = 3", "record 3"},
        {"another subject", "UPDATE audit SET subject = 'x' WHERE id = 3", "record 3"},
        {"another detail", "UPDATE audit SET detail = '[]' WHERE id = 3", "record 3"},
        {"letters moved between columns", "UPDATE audit SET actor = 'alic', action = 'e' || action WHERE id = 3",
         "record 3"},
        {"the first removed", "DELETE FROM audit WHERE id = 1", "record 2"},
        {"one in the middle removed", "DELETE FROM audit WHERE id = 3", "record 4"},
        {"one removed and the others moved up",
         "DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3", "record 3"},
        {"the last cut off", "DELETE FROM audit WHERE id = 5", "record 4"},
        {"all cut off", "DELETE FROM audit", "record 0"},
        {"two exchanged",
         "UPDATE audit SET id = 99 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; UPDATE audit SET id = 3 "
         "WHERE id = 99",
         "record 2"},
        {"one added by hand",
         "INSERT INTO audit SELECT 6, at, actor, action, project, subject, detail, hash, hash FROM audit "
         "WHERE id = 5",
         "record 6"},
    };
    for (const auto& [story, sql, record] : cases) {
        CAPTURE(story);
        Fixture f;
        f.tamper(std::string(sql));
        const auto verified = f.audit.verify();
        REQUIRE_FALSE(verified.has_value());
        CHECK(verified.error().kind == ErrorKind::integrity);
        CHECK(verified.error().message.find(record) != std::string::npos);
    }
}

TEST_CASE("going on after a cut does not hide it")
{
    Fixture f;
    f.tamper("DELETE FROM audit WHERE id >= 4");
    f.append("later", "shop");
    CHECK(f.audit.verify().error().message.find("record 6") != std::string::npos);
}

TEST_CASE("the log cannot be edited through the store")
{
    Fixture f;
    for (const auto* sql : {"UPDATE audit SET actor = 'bob'", "DELETE FROM audit"}) {
        const auto written =
            f.database->write([&](Transaction& transaction) { return transaction->execute_script(sql); });
        CHECK_FALSE(written.has_value());
    }
    CHECK(f.audit.verify().value() == 5);
}

TEST_CASE("records are listed in order, of one project when it is named")
{
    Fixture f;
    CHECK(f.audit.list(0, 10)->size() == 5);
    CHECK(f.audit.list(3, 1)->at(0).id == 4);
    CHECK(f.audit.list(0, 10, "shop")->size() == 2);
}

TEST_CASE("a record of something that was undone is undone with it")
{
    Fixture f;
    const auto written = f.database->write([&](Transaction& transaction) -> Result<void> {
        TRY(f.audit.append(transaction, {.actor = "alice", .action = "never"}));
        return fail(ErrorKind::refused, "no");
    });
    CHECK_FALSE(written.has_value());
    CHECK(f.audit.verify().value() == 5);
    f.append("next", "shop");
    CHECK(f.audit.verify().value() == 6);
}

}  // namespace ramet::storage
