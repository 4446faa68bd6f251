#include "storage/storage_test_support.hpp"
#include "support/temporary.hpp"

#include <thread>

namespace ramet::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t row_size = 250'000;

/// In transactions of their own.
void write_rows(TestDatabase& database, int first, int count)
{
    const std::string text(row_size, 'x');
    for (int i = first; i < first + count; ++i)
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            TRY(transaction->execute("INSERT INTO meta VALUES (?, ?)", {std::to_string(i), text}));
            return {};
        });
}

std::uintmax_t size_of(const Path& file)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

Path log_of(TestDatabase& database)
{
    return database.file().string() + "-wal";
}

}  // namespace

TEST_SUITE_BEGIN("sqlite");

TEST_CASE("what was written reaches the database while it is open")
{
    TestDatabase database;
    write_rows(database, 0, 40);
    CHECK(testing::wait_until([&] { return size_of(database.file()) > 7'000'000; }, 20s));
}

TEST_CASE("the write-ahead log stays bounded while writers never pause and others read")
{
    TestDatabase database;
    std::jthread reading([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            Reading reader(*database, nullptr);
            (void)reader->find("SELECT count(*) FROM meta", {}, [](const Row& row) { return row.integer(0); });
            // SQLite begins the log anew between two reads: there has to be a between.
            std::this_thread::sleep_for(5ms);
        }
    });
    std::uintmax_t largest = 0;
    for (int i = 0; i < 800; i += 10) {
        write_rows(database, i, 10);
        largest = std::max(largest, size_of(log_of(database)));
    }
    reading.request_stop();
    reading.join();
    // 200 MB were written. 32,000 pages are the bound, and one transaction may go beyond it.
    CHECK(largest < 135'000'000);
    database.reopen();
    Reading reader(*database, nullptr);
    const auto rows = reader->find("SELECT count(*) FROM meta WHERE length(value) = 250000", {},
                                   [](const Row& row) { return row.integer(0); });
    CHECK(rows.value() == 800);
}

TEST_SUITE_END();

}  // namespace ramet::storage
