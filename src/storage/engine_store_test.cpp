#include "storage/engine_store.hpp"

#include "contract/run_store_contract.hpp"
#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

struct DatabaseFactory {
    std::optional<TestDatabase> database;

    std::unique_ptr<engine::RunStore> make()
    {
        database.emplace();
        return std::make_unique<EngineStore>(**database);
    }
    std::unique_ptr<engine::RunStore> reopen()
    {
        database->reopen();
        return std::make_unique<EngineStore>(**database);
    }
};

using namespace contract::run_store;

}  // namespace

TEST_CASE("the store keeps the contract of the run store")
{
    contract::check_run_store<DatabaseFactory>();
}

TEST_CASE("the extra write of a batch shares its transaction, and its fate")
{
    TestDatabase database;
    EngineStore store(*database);
    const auto extra = [](bool fails) -> engine::ExtraWrite {
        return [fails](engine::Transaction& transaction) -> Result<void> {
            TRY(in_store(transaction)->execute("INSERT INTO meta VALUES ('extra', '')"));
            if (fails) return fail(ErrorKind::refused, "no");
            return {};
        };
    };
    const auto has_extra = [&] {
        Reading reading(*database, nullptr);
        return reading->find("SELECT 1 FROM meta WHERE key = 'extra'", {}, [](const Row&) { return true; })
            ->has_value();
    };
    auto batch = first_batch("run-1", "env-1");
    batch.extra = extra(true);
    CHECK(commit_one(store, batch).error().kind == ErrorKind::refused);
    CHECK_FALSE(has_extra());
    batch.extra = extra(false);
    CHECK(commit_one(store, batch).has_value());
    CHECK(has_extra());
}

TEST_CASE("the journal cannot be edited or cut, whoever asks")
{
    TestDatabase database;
    EngineStore store(*database);
    auto batch = first_batch("run-1", "env-1");
    batch.records = {record("run-1", 1)};
    REQUIRE(commit_one(store, batch).has_value());
    for (const auto* sql : {"UPDATE journal SET step = 'x'", "DELETE FROM journal"}) {
        const auto written =
            database->write([&](Transaction& transaction) { return transaction->execute_script(sql); });
        CHECK_FALSE(written.has_value());
    }
    CHECK(store.load_journal(engine::EngineRunId("run-1"))->size() == 1);
}

TEST_CASE("a damaged record is an integrity error and not a guess")
{
    struct Case {
        std::string_view story, sql;
    };
    const Case cases[] = {
        {"a word that no state has", "UPDATE run SET state = 'odd'"},
        {"a kind of run that does not exist", "UPDATE run SET kind = 'odd'"},
        {"a plan that is cut off", "UPDATE run SET plan = substr(plan, 1, 3)"},
        {"a phase that does not exist", "UPDATE resource SET phase = 'odd'"},
        {"a spec that is no JSON", "UPDATE resource SET spec = '{'"},
    };
    for (const auto& [story, sql] : cases) {
        CAPTURE(story);
        TestDatabase database;
        EngineStore store(*database);
        auto batch = first_batch("run-1", "env-1");
        batch.resources = {resource("env-1", "service/web")};
        REQUIRE(commit_one(store, batch).has_value());
        must_write(database, [&](Transaction& transaction) { return transaction->execute_script(std::string(sql)); });
        const auto records = store.load_owner(engine::OwnerId("env-1"));
        CHECK(records.error().kind == ErrorKind::integrity);
        // The reader is usable again.
        for (int i = 0; i < 8; ++i) CHECK(store.load_owner(engine::OwnerId("env-2")).has_value());
    }
}

TEST_CASE("a full disk fails the whole commit and nothing of it is there" * doctest::test_suite("sqlite"))
{
    TestDatabase database;
    EngineStore store(*database);
    must_write(database, [](Transaction& transaction) -> Result<void> {
        const auto pages =
            transaction->find("PRAGMA page_count", {}, [](const Row& row) { return row.integer(0); }).value().value();
        return transaction->execute_script("PRAGMA max_page_count = " + std::to_string(pages));
    });
    auto batch = first_batch("run-1", "env-1");
    batch.new_run->plan = json::string(std::size_t{2000000}, char{120});
    const auto results = store.commit(std::span(&batch, 1));
    const auto& error = results ? results->front().error() : results.error();
    CHECK(error.kind == ErrorKind::unavailable);
    CHECK(store.load_owner(engine::OwnerId("env-1"))->unfinished.empty());
    CHECK(store.load_owner(engine::OwnerId("env-1"))->lease.epoch == 0);
}

}  // namespace ramet::storage
