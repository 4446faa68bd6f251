// What a disk, a full table of descriptors or a machine without memory do to what writes the state of an installation: each error is
// one that the operating system gives, once and for ever.
#include "failpoints/places.hpp"
#include "secrets/file_keys.hpp"
#include "storage/storage_test_support.hpp"

#include "base/subprocess.hpp"

#include <cerrno>
#include <set>
#include <sqlite3.h>
#include <thread>

using namespace ramet;

namespace {

/// Obeyed as long as it lives.
class Ordered {
public:
    explicit Ordered(const std::string& text)
    {
        auto orders = failpoints::parse_orders(text);
        REQUIRE(orders.has_value());
        failpoints::set_orders(std::move(*orders));
    }
    Ordered(const Ordered&) = delete;
    Ordered& operator=(const Ordered&) = delete;
    ~Ordered() { failpoints::set_orders({}); }
};

/// Each call that `work` makes, by name, without those on files of the machine.
template <typename Work>
std::set<std::string> calls_of(const Path& root, const Work& work)
{
    const testing::TemporaryDirectory directory;
    const auto file = directory / "calls";
    {
        const Ordered writing("root " + root.string() + "\noperations " + file.string());
        work();
    }
    std::set<std::string> names;
    const auto text = read_file(file);
    REQUIRE(text.has_value());
    for (std::size_t at = 0; at < text->size();) {
        const auto end = text->find('\n', at);
        auto name = text->substr(at, end - at);
        if (name.find("() /") == std::string::npos) names.insert(std::move(name));
        at = end + 1;
    }
    return names;
}

std::size_t count_files(const Path& folder)
{
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

std::int64_t count_rows(storage::Database& database)
{
    storage::Reading reading(database, nullptr);
    const auto count = reading->find("SELECT count(*) FROM meta WHERE key LIKE 'row %'", {},
                                     [](const storage::Row& row) { return row.integer(0); });
    REQUIRE(count.has_value());
    return count->value_or(-1);
}

Result<void> insert(storage::Database& database, int row)
{
    return database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("INSERT INTO meta (key, value) VALUES (?, ?)",
                                 {"row " + std::to_string(row), std::string(5'000, 'x')}));
        return {};
    });
}

}  // namespace

TEST_CASE("whatever call fails while a file is replaced, the old one stays whole, nothing lies beside it and the error "
          "names it")
{
    const testing::TemporaryDirectory directory;
    const auto file = directory.write("file", "old");
    const auto calls = calls_of(directory.path(), [&] { REQUIRE(write_file(file, "old").has_value()); });
    CHECK(calls.size() >= 6);  // create, write, chmod, fsync, rename, the directory's fsync
    for (const auto& call : calls)
        for (const auto* error : {"ENOSPC", "EIO", "EMFILE", "EACCES"}) {
            CAPTURE(call);
            CAPTURE(error);
            REQUIRE(write_file(file, "old").has_value());
            Result<void> written;
            {
                const Ordered fault(fmt::format("root {}\nfail {} 1 {}", directory.path().string(), error, call));
                written = write_file(file, "new");
            }
            REQUIRE_FALSE(written.has_value());
            CHECK(written.error().message.find(directory.path().string()) != std::string::npos);
            CHECK(written.error().kind ==
                  (error == std::string("EACCES") ? ErrorKind::forbidden : ErrorKind::unavailable));
            if (error == std::string("ENOSPC")) CHECK(written.error().next_step == "free some space on that disk");
            CHECK(count_files(directory.path()) == 1);
            const auto now = read_file(file).value();
            // It has its new name before the directory is flushed: only that may be lost with the power.
            const bool is_renamed = call == "open() ." || call == "fsync() .";
            CHECK(now == (is_renamed ? "new" : "old"));
        }
}

TEST_CASE("a write that takes only a part at first is finished")
{
    const testing::TemporaryDirectory directory;
    const std::string large(3U << 20U, 'y');
    REQUIRE(write_file(directory / "large", large).has_value());
    CHECK(read_file(directory / "large").value() == large);
}

TEST_CASE(
    "whatever call fails while keys are rotated, what was sealed opens with what is in memory and with what is on disk")
{
    const testing::TemporaryDirectory directory;
    const auto file = directory / "keys";
    auto keys = secrets::FileKeys::create(file).value();
    const auto rotate = [&]() -> Result<void> {
        TRY(keys->rotate());
        return keys->retire_old_keys(keys->current_key_id());
    };
    const auto calls = calls_of(directory.path(), [&] { REQUIRE(rotate().has_value()); });
    for (const auto& call : calls)
        for (const int which : {1, 2}) {
            CAPTURE(call);
            CAPTURE(which);
            const auto wrapped = keys->wrap(SecretBytes("data key"), "context").value();
            {
                const Ordered fault(fmt::format("root {}\nfail EIO {} {}", directory.path().string(), which, call));
                const auto rotated = rotate();
                // A look at the file that fails says nothing about it: it is taken for unchanged.
                if (!call.starts_with("stat()")) CHECK_FALSE(rotated.has_value());
            }
            const auto on_disk = secrets::FileKeys::open(file).value();
            // The first half failed: nothing is under a new key yet. The second: the old one may be gone where nothing needs it.
            if (which == 1) CHECK(on_disk->unwrap(wrapped, "context").has_value());
            CHECK(keys->unwrap(wrapped, "context").has_value());
            CHECK(on_disk->key_ids().size() >= 1);
            while (keys->key_ids().size() > 1) REQUIRE(keys->retire_old_keys(keys->current_key_id()).has_value());
            REQUIRE(keys->rotate().has_value());
            REQUIRE(keys->retire_old_keys(keys->current_key_id()).has_value());
            CHECK(count_files(directory.path()) == 1);
        }
}

TEST_CASE("whatever call of the database fails once, a write is there or not as was answered, and the next ones work")
{
    storage::TestDatabase database;
    int row = 0;
    const auto work = [&] { REQUIRE(insert(*database, row++).has_value()); };
    work();
    const auto calls = calls_of(database.directory(), work);
    CHECK(calls.contains("write() ramet.db-wal"));
    CHECK(calls.contains("fsync() ramet.db-wal"));
    auto there = count_rows(*database);
    for (const auto& call : calls)
        for (const auto* error : {"ENOSPC", "EIO", "ENOMEM"}) {
            CAPTURE(call);
            CAPTURE(error);
            Result<void> written;
            {
                const Ordered fault(fmt::format("root {}\nfail {} 1 {}", database.directory().string(), error, call));
                written = insert(*database, row++);
            }
            there += written ? 1 : 0;
            if (!written) {
                CHECK(written.error().kind == ErrorKind::unavailable);
                CHECK_FALSE(written.error().next_step.empty());
                CHECK(written.error().message.starts_with("nothing was written: "));
            }
            CHECK(count_rows(*database) == there);
            work();
            CHECK(count_rows(*database) == ++there);
            database.reopen();
            CHECK(count_rows(*database) == there);
        }
}

TEST_CASE("a full disk refuses every write in words until there is room, and nothing that was written before is lost")
{
    storage::TestDatabase database;
    for (int row = 0; row < 10; ++row) REQUIRE(insert(*database, row).has_value());
    {
        const Ordered fault(fmt::format("root {}\nfail ENOSPC always write() *", database.directory().string()));
        for (int row = 10; row < 20; ++row) {
            const auto written = insert(*database, row);
            REQUIRE_FALSE(written.has_value());
            CHECK(written.error().kind == ErrorKind::unavailable);
            CHECK(written.error().next_step == "free some space on the disk of the data directory");
        }
        CHECK(count_rows(*database) == 10);
    }
    REQUIRE(insert(*database, 20).has_value());
    database.reopen();
    CHECK(count_rows(*database) == 11);
}

TEST_CASE("a disk that does not flush refuses every write, and what it refused does not come back")
{
    storage::TestDatabase database;
    REQUIRE(insert(*database, 0).has_value());
    {
        const Ordered fault(fmt::format("root {}\nfail EIO always fsync() *", database.directory().string()));
        for (int row = 1; row < 5; ++row) {
            const auto written = insert(*database, row);
            REQUIRE_FALSE(written.has_value());
            CHECK(written.error().evidence == "SQLite result code 1034");  // SQLITE_IOERR_FSYNC
            CHECK(written.error().next_step.find("dmesg") != std::string::npos);
        }
    }
    REQUIRE(insert(*database, 5).has_value());
    database.reopen();
    CHECK(count_rows(*database) == 2);
}

TEST_CASE("writes of many threads at once are told apart when the commit of their group fails")
{
    storage::TestDatabase database;
    constexpr int threads = 8;
    constexpr int each = 20;
    std::atomic<int> written = 0;
    {
        const Ordered fault(fmt::format("root {}\nfail EIO 3 fsync() *\nfail ENOSPC 20 write() *\nfail EIO 7 fsync() *",
                                        database.directory().string()));
        std::vector<std::jthread> writers;
        for (int thread = 0; thread < threads; ++thread)
            writers.emplace_back([&, thread] {
                for (int row = 0; row < each; ++row)
                    if (insert(*database, thread * each + row)) ++written;
            });
    }
    CHECK(written < threads * each);
    CHECK(count_rows(*database) == written);
    database.reopen();
    CHECK(count_rows(*database) == written);
}

TEST_CASE("a database that another program holds is busy, and says what to do")
{
    storage::TestDatabase database;
    REQUIRE(insert(*database, 0).has_value());
    // Each try of the lock fails, as long as SQLite is willing to wait.
    const Ordered fault(fmt::format("root {}\nfail EAGAIN always lock() *", database.directory().string()));
    const auto written = insert(*database, 1);
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error().kind == ErrorKind::unavailable);
    CHECK(written.error().next_step == "end the other program that has this database open");
}

TEST_CASE("whichever lock cannot be taken, the store goes on when it can be")
{
    storage::TestDatabase database;
    int written = 0;
    for (int which = 1; which <= 12; ++which) {
        CAPTURE(which);
        {
            const Ordered fault(fmt::format("root {}\nfail ENOLCK {} lock() *", database.directory().string(), which));
            written += insert(*database, 2 * which).has_value();
        }
        const auto next = insert(*database, 2 * which + 1);
        REQUIRE_MESSAGE(next.has_value(), next.error().message);
        CHECK(count_rows(*database) == ++written);
    }
}

TEST_CASE("a store without memory refuses in words, and works when there is some again")
{
    storage::TestDatabase database;
    REQUIRE(insert(*database, 0).has_value());
    const auto before = sqlite3_hard_heap_limit64(sqlite3_memory_used() + 64);
    std::string large(1U << 20U, 'z');
    const auto written = database->write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("INSERT INTO meta (key, value) VALUES ('large', replace(?, 'z', 'zz'))", {large}));
        return {};
    });
    // A limit of 0 is none; only lower ones replace a limit that is set.
    sqlite3_hard_heap_limit64(0);
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error().kind == ErrorKind::unavailable);
    CHECK(written.error().next_step == "give the server more memory");
    CHECK(before == 0);
    const auto again = insert(*database, 1);
    if (!again) FAIL(again.error().message << ": " << again.error().evidence);
    CHECK(count_rows(*database) == 2);
}

TEST_CASE("a damaged page of the store is an integrity error that says to take a backup, and not a wrong answer")
{
    storage::TestDatabase database;
    for (int row = 0; row < 200; ++row) REQUIRE(insert(*database, row).has_value());
    database.reopen();  // The log is moved into the file.
    database.close();
    auto bytes = read_file(database.file()).value();
    REQUIRE(bytes.size() > 200'000);
    for (std::size_t at = bytes.size() / 2; at < bytes.size() - 4096; at += 4096)
        bytes.replace(at, 512, std::string(512, '\xff'));
    REQUIRE(write_file(database.file(), bytes).has_value());
    const auto opened = storage::Database::open(database.directory());
    if (!opened) {
        CHECK(opened.error().kind == ErrorKind::integrity);
        return;
    }
    storage::Reading reading(**opened, nullptr);
    const auto rows = reading->list("SELECT value FROM meta WHERE key LIKE 'row %'", {},
                                    [](const storage::Row& row) { return row.text(0); });
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().kind == ErrorKind::integrity);
    CHECK(rows.error().next_step == "put the newest backup of the data directory back");
}

TEST_CASE("a command that cannot be started says which and why")
{
    struct Case {
        std::string fault;
        std::string_view words;
    };
    const Case cases[] = {{"fail EAGAIN 1 spawn() true", "Resource temporarily unavailable"},
                          {"fail ENOMEM 1 spawn() true", "Cannot allocate memory"},
                          {"fail EMFILE 1 pipe() process", "Too many open files"},
                          {"fail EMFILE 3 pipe() process", "Too many open files"}};
    for (const auto& [fault, words] : cases) {
        CAPTURE(fault);
        Result<CommandOutput> output;
        {
            const Ordered ordered(fault);
            output = run_command({.arguments = {"true"}});
        }
        REQUIRE_FALSE(output.has_value());
        CHECK(output.error().kind == ErrorKind::unavailable);
        CHECK((output.error().message + output.error().evidence).find(words) != std::string::npos);
        CHECK(run_command({.arguments = {"true"}})->exit_code == 0);
    }
}
