#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

constexpr auto* insert = "INSERT INTO meta (key, value) VALUES (?, ?)";

std::vector<std::string> keys_of(Database& database)
{
    Reading reading(database, nullptr);
    return reading
        ->list("SELECT key FROM meta WHERE key LIKE 'posted-%' ORDER BY key", {},
               [](const Row& row) { return row.text(0); })
        .value();
}

std::string key(int number)
{
    return fmt::format("posted-{:04}", number);
}

}  // namespace

TEST_CASE("statements that are posted run in their order, before any other, with the values that they were given")
{
    TestDatabase database;
    std::vector<std::int64_t> counts;
    const auto counted = [&counts](Result<std::int64_t> changed) -> Result<void> {
        counts.push_back(TRY(changed));
        return {};
    };
    const auto written = database->write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction->post(insert, {key(1), std::string("first")}, counted));
        TRY(transaction->post("UPDATE meta SET value = ? WHERE key = ?", {std::string("second"), key(1)}, counted));
        TRY(transaction->post("UPDATE meta SET value = ? WHERE key = ?", {std::string("third"), key(2)}, counted));
        std::string found;
        TRY(transaction->post_find("SELECT value FROM meta WHERE key = ?", {key(1)},
                                   [&](const Row* row) -> Result<void> {
                                       found = row ? row->text(0) : "none";
                                       return {};
                                   }));
        bool is_absent = false;
        TRY(transaction->post_find("SELECT value FROM meta WHERE key = ?", {key(2)},
                                   [&](const Row* row) -> Result<void> {
                                       is_absent = row == nullptr;
                                       return {};
                                   }));
        const auto seen = TRY(transaction->find("SELECT value FROM meta WHERE key = ?", {key(1)},
                                                [](const Row& row) { return row.text(0); }));
        CHECK(seen == "second");
        CHECK(found == "second");
        CHECK(is_absent);
        CHECK(counts == std::vector<std::int64_t>{1, 1, 0});
        return transaction->flush();
    });
    REQUIRE_MESSAGE(written.has_value(), written.error().message);
    CHECK(keys_of(*database) == std::vector<std::string>{key(1)});
}

TEST_CASE("thousands can be posted without a look at their answers")
{
    TestDatabase database;
    constexpr int many = 3'000;
    const std::string long_value(2'000, 'x');
    const auto written = database->write([&](Transaction& transaction) -> Result<void> {
        for (int number = 0; number < many; ++number) TRY(transaction->post(insert, {key(number), long_value}));
        return transaction->flush();
    });
    REQUIRE_MESSAGE(written.has_value(), written.error().message);
    CHECK(keys_of(*database).size() == many);
}

TEST_CASE("the first of what is posted that fails is told, what follows does not stand, and the neighbours do")
{
    for (const bool is_refused_here : {false, true}) {
        CAPTURE(is_refused_here);
        TestDatabase database;
        const auto one = [](int number) -> Write {
            return [number](Transaction& transaction) -> Result<void> {
                TRY(transaction->post(insert, {key(number), std::string()}));
                return transaction->flush();
            };
        };
        const auto failing = [&](Transaction& transaction) -> Result<void> {
            TRY(transaction->post(insert, {key(2), std::string()}));
            if (is_refused_here)
                TRY(transaction->post("UPDATE meta SET value = '' WHERE key = 'nobody'", {},
                                      [](const Result<std::int64_t>& changed) -> Result<void> {
                                          return TRY(changed) == 0 ? fail(ErrorKind::refused, "nobody is there")
                                                                   : Result<void>{};
                                      }));
            else
                TRY(transaction->post(insert, {key(2), std::string()}));
            TRY(transaction->post(insert, {key(3), std::string()}));
            return transaction->flush();
        };
        const std::vector<Write> writes = {one(1), failing, one(4)};
        const auto results = database->writer().write_all(writes).value();
        CHECK(results[0].has_value());
        REQUIRE_FALSE(results[1].has_value());
        CHECK(results[1].error().kind == (is_refused_here ? ErrorKind::refused : ErrorKind::conflict));
        CHECK(results[2].has_value());
        CHECK(keys_of(*database) == std::vector<std::string>{key(1), key(4)});
    }
}

TEST_CASE("what a write posted before it gave up is not written, alone or among others, and later ones work")
{
    TestDatabase database;
    const Write giving_up = [](Transaction& transaction) -> Result<void> {
        TRY(transaction->post(insert, {key(1), std::string()}));
        return fail(ErrorKind::refused, "no");
    };
    const Write lasting = [](Transaction& transaction) -> Result<void> {
        return transaction->post(insert, {key(2), std::string()});
    };
    CHECK(database->write(giving_up).error().kind == ErrorKind::refused);
    const std::vector<Write> writes = {giving_up, lasting, giving_up};
    const auto results = database->writer().write_all(writes).value();
    CHECK(results[1].has_value());
    CHECK(results[0].error().kind == ErrorKind::refused);
    CHECK(keys_of(*database) == std::vector<std::string>{key(2)});
}

}  // namespace ramet::storage
