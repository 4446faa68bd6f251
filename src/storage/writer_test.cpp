#include "storage/writer.hpp"

#include "storage/storage_test_support.hpp"

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

namespace ramet::storage {
namespace {

Write put(const std::string& key)
{
    return [key](Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("INSERT INTO meta VALUES (?, '')", {key}));
        return {};
    };
}

bool has(TestDatabase& database, const std::string& key)
{
    Reading reading(*database, nullptr);
    return reading->find("SELECT 1 FROM meta WHERE key = ?", {key}, [](const Row&) { return true; })->has_value();
}

}  // namespace

TEST_CASE("a write that fails undoes itself and leaves its neighbours of the same group alone")
{
    TestDatabase database;
    const std::vector<Write> writes = {
        put("before"),
        [](Transaction& transaction) -> Result<void> {
            TRY(put("undone")(transaction));
            return fail(ErrorKind::refused, "no");
        },
        put("between"),
        [](Transaction& transaction) -> Result<void> {
            TRY(put("undone too")(transaction));
            throw std::runtime_error("a library is unhappy");
        },
        put("before"),
        put("after"),
    };
    const auto results = database->writer().write_all(writes).value();
    REQUIRE(results.size() == writes.size());
    CHECK(results[0].has_value());
    CHECK(results[1].error().kind == ErrorKind::refused);
    CHECK(results[2].has_value());
    CHECK(results[3].error().kind == ErrorKind::internal);
    CHECK(results[4].error().kind == ErrorKind::conflict);
    CHECK(results[5].has_value());
    for (const auto* key : {"before", "between", "after"}) CHECK(has(database, key));
    for (const auto* key : {"undone", "undone too"}) CHECK_FALSE(has(database, key));
}

TEST_CASE("a write on its own that fails undoes itself, and the next one is written")
{
    TestDatabase database;
    bool was_told = false;
    const auto refused = database->write([&](Transaction& transaction) -> Result<void> {
        TRY(put("undone")(transaction));
        transaction.after_commit([&] { was_told = true; });
        return fail(ErrorKind::refused, "no");
    });
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK_FALSE(was_told);
    CHECK_FALSE(has(database, "undone"));
    CHECK(database->write(put("next")).has_value());
    CHECK(has(database, "next"));
}

TEST_CASE("writes of many threads all come back with their own results")
{
    TestDatabase database;
    constexpr int threads = 16;
    constexpr int each = 40;
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> pool;
        for (int t = 0; t < threads; ++t)
            pool.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    const auto key = std::to_string(t) + "/" + std::to_string(i);
                    const bool fails = i % 3 == 0;
                    const auto written = database->write([&](Transaction& transaction) -> Result<void> {
                        TRY(put(key)(transaction));
                        if (fails) return fail(ErrorKind::refused, "{}", key);
                        return {};
                    });
                    right += fails ? (!written && written.error().message == key && !has(database, key))
                                   : (written.has_value() && has(database, key));
                }
            });
    }
    CHECK(right == threads * each);
}

TEST_CASE("writes that came while another one was held are all done once it ends")
{
    TestDatabase database;
    std::latch is_held(1);
    std::latch may_end(1);
    std::jthread holder([&] {
        (void)database->write([&](Transaction&) -> Result<void> {
            is_held.count_down();
            may_end.wait();
            return {};
        });
    });
    is_held.wait();
    std::atomic<int> began = 0;
    {
        std::vector<std::jthread> pool;
        for (int i = 0; i < 8; ++i)
            pool.emplace_back([&] {
                ++began;
                (void)database->write([&](Transaction& transaction) -> Result<void> {
                    TRY(transaction->execute("INSERT INTO meta VALUES ('n', '1') ON CONFLICT (key) DO UPDATE SET "
                                             "value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)"));
                    return {};
                });
            });
        CHECK(testing::wait_until([&] { return began == 8; }));
        may_end.count_down();
    }
    Reading reading(*database, nullptr);
    CHECK(reading->find("SELECT value FROM meta WHERE key = 'n'", {}, [](const Row& row) { return row.text(0); })
              ->value() == "8");
}

TEST_CASE("calls for after the commit come only when the write stands")
{
    TestDatabase database;
    std::vector<std::string> called;
    const auto call_after = [&](const std::string& name, bool fails) -> Write {
        return [&, name, fails](Transaction& transaction) -> Result<void> {
            transaction.after_commit([&, name] {
                CHECK(has(database, "k" + name));
                called.push_back(name);
            });
            TRY(put("k" + name)(transaction));
            if (fails) return fail(ErrorKind::refused, "no");
            return {};
        };
    };
    const std::vector<Write> writes = {call_after("a", false), call_after("b", true), call_after("c", false)};
    CHECK(database->writer().write_all(writes).has_value());
    CHECK(called == std::vector<std::string>{"a", "c"});
}

TEST_CASE("a write inside a write is a defect that is told, not a deadlock")
{
    TestDatabase database;
    const auto written = database->write([&](Transaction&) { return database->write(put("inner")); });
    CHECK(written.error().kind == ErrorKind::internal);
    CHECK(database->write(put("later")).has_value());
}

TEST_CASE("when the disk is full the whole group is told so, and the next write works" * doctest::test_suite("sqlite"))
{
    TestDatabase database;
    must_write(database, [](Transaction& transaction) -> Result<void> {
        const auto pages =
            transaction->find("PRAGMA page_count", {}, [](const Row& row) { return row.integer(0); }).value().value();
        return transaction->execute_script("PRAGMA max_page_count = " + std::to_string(pages + 4));
    });
    const std::string big(1'000'000, 'x');
    const std::vector<Write> writes = {put("small"), [&](Transaction& transaction) -> Result<void> {
                                           TRY(transaction->execute("INSERT INTO meta VALUES ('big', ?)", {big}));
                                           return {};
                                       }};
    const auto results = database->writer().write_all(writes);
    const auto& error = results ? results->back().error() : results.error();
    CHECK(error.kind == ErrorKind::unavailable);
    // Whatever was said to stand does stand.
    const bool small_stands = results && results->front().has_value();
    CHECK(has(database, "small") == small_stands);
    CHECK_FALSE(has(database, "big"));
    CHECK(database->write(put("next")).has_value());
}

TEST_CASE(
    "what keeps everything from being written is told until something is written; a refusal is nothing of that kind")
{
    TestDatabase database;
    const auto answer = [&](ErrorKind kind) {
        return database->write([&](Transaction&) -> Result<void> { return fail(kind, "no room"); });
    };
    CHECK_FALSE(database->writer().trouble().has_value());
    CHECK_FALSE(answer(ErrorKind::unavailable).has_value());
    REQUIRE(database->writer().trouble().has_value());
    CHECK(database->writer().trouble()->message == "no room");
    CHECK(database->write(put("next")).has_value());
    CHECK_FALSE(database->writer().trouble().has_value());
    CHECK_FALSE(answer(ErrorKind::refused).has_value());
    CHECK_FALSE(database->writer().trouble().has_value());
}

}  // namespace ramet::storage
