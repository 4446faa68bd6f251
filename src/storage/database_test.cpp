#include "storage/database.hpp"

#include "storage/storage_test_support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

namespace ramet::storage {
namespace {

std::set<std::string> keys_in(Database& database)
{
    Reading reading(database, nullptr);
    const auto keys = reading->list("SELECT key FROM meta", {}, [](const Row& row) { return row.text(0); }).value();
    return {keys.begin(), keys.end()};
}

/// Writes rows from four threads for ever and says each key once it is acknowledged. Never returns.
[[noreturn]] void write_and_acknowledge(const Path& directory, int out)
{
    auto database = Database::open(directory).value();
    const auto work = [&](int thread) {
        for (int i = 0;; ++i) {
            const auto key = fmt::format("{}-{}", thread, i);
            const auto written = database->write([&](Transaction& transaction) -> Result<void> {
                TRY(transaction->execute("INSERT INTO meta VALUES (?, '')", {key}));
                return {};
            });
            const auto line = key + "\n";
            if (written) (void)!::write(out, line.data(), line.size());
        }
    };
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back(work, t);
    for (;;) ::pause();
}

/// The whole lines that come out of `in` until it is closed; kills `child` once `count` were seen.
std::set<std::string> acknowledged_until_killed(int in, pid_t child, std::size_t count)
{
    std::string text;
    char buffer[4096];
    bool is_killed = false;
    for (ssize_t size = 0; (size = ::read(in, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(size));
        if (is_killed || static_cast<std::size_t>(std::ranges::count(text, '\n')) < count) continue;
        ::kill(child, SIGKILL);
        is_killed = true;
    }
    std::set<std::string> lines;
    for (std::size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
        lines.insert(text.substr(start, end - start));
    return lines;
}

}  // namespace

TEST_CASE("everything that was acknowledged is there after kill -9 in the middle of writing" *
          doctest::test_suite("sqlite"))
{
    for (const std::size_t count : {std::size_t{1}, std::size_t{50}, std::size_t{700}}) {
        const testing::TemporaryDirectory directory;
        int pipe_ends[2];
        REQUIRE(::pipe(pipe_ends) == 0);
        const auto child = ::fork();
        if (child == 0) {
            ::close(pipe_ends[0]);
            write_and_acknowledge(directory / "state", pipe_ends[1]);
        }
        ::close(pipe_ends[1]);
        const auto acknowledged = acknowledged_until_killed(pipe_ends[0], child, count);
        ::close(pipe_ends[0]);
        ::waitpid(child, nullptr, 0);

        const auto database = Database::open(directory / "state");
        REQUIRE(database.has_value());
        const auto kept = keys_in(**database);
        CHECK(acknowledged.size() >= count);
        CHECK(std::ranges::includes(kept, acknowledged));
    }
}

TEST_CASE("a second server cannot open the database of the first" * doctest::test_suite("sqlite"))
{
    TestDatabase database;
    CHECK(Database::open(database.directory()).error().kind == ErrorKind::conflict);
    database.close();
    CHECK(Database::open(database.directory()).has_value());
}

TEST_CASE("a read inside a transaction sees what it wrote, one outside does not until it is committed")
{
    TestDatabase database;
    const std::string_view count = "SELECT count(*) FROM meta WHERE key = 'k'";
    const auto number = [](const Row& row) { return row.integer(0); };
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("INSERT INTO meta VALUES ('k', '')"));
        Reading inside(*database, &transaction);
        Reading outside(*database, nullptr);
        CHECK(inside->find(count, {}, number).value() == 1);
        CHECK(outside->find(count, {}, number).value() == 0);
        return {};
    });
    Reading after(*database, nullptr);
    CHECK(after->find(count, {}, number).value() == 1);
}

TEST_CASE("more threads read than there are readers")
{
    TestDatabase database;
    std::atomic<int> done = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 32; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 20; ++i) done += keys_in(*database).empty();
            });
    }
    CHECK(done == 32 * 20);
}

TEST_CASE("a backup is a whole database of one moment" * doctest::test_suite("sqlite"))
{
    TestDatabase database;
    must_write(database, [](Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("INSERT INTO meta VALUES ('k', 'v')"));
        return {};
    });
    const testing::TemporaryDirectory elsewhere;
    const auto backed_up = copy_database(*database->file(), elsewhere / "ramet.db");
    if (!backed_up) FAIL(backed_up.error().message);
    const auto copy = Database::open(elsewhere.path()).value();
    CHECK(keys_in(*copy).contains("k"));
}

TEST_CASE("the directory of the database is for its owner alone" * doctest::test_suite("sqlite"))
{
    TestDatabase database;
    const auto mode = std::filesystem::status(database.directory()).permissions();
    CHECK(mode == std::filesystem::perms::owner_all);
}

}  // namespace ramet::storage
