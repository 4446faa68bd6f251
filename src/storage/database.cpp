#include "storage/database.hpp"

#include "storage/checkpointer.hpp"
#include "storage/directory_lock.hpp"
#include "storage/places.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/postgres/schema.hpp"
#include "storage/schema.hpp"

#include <utility>

namespace ramet::storage {
namespace {

/// Reads are short; more would cost memory and gain nothing on a few cores.
constexpr int reader_count = 4;

}  // namespace

/// A file has its lock and somebody who moves its log; the checkpointer goes before the writer that it watches.
struct Database::Kept {
    std::optional<DirectoryLock> lock{};
    std::unique_ptr<Checkpointer> checkpointer{};
};

Database::Database(std::unique_ptr<Kept> kept, std::unique_ptr<Connection> writer)
    : kept_(std::move(kept)), writer_(std::move(writer))
{
}

Database::~Database()
{
    kept_->checkpointer.reset();
}

Result<std::unique_ptr<Database>> Database::open(const Path& directory)
{
    TRY(ensure_directory(directory));
    auto kept = std::make_unique<Kept>();
    kept->lock = TRY(DirectoryLock::acquire(directory));
    const auto file = directory / store_name;
    auto writer = TRY(SqliteConnection::open(file, OpenMode::create));
    TRY(migrate(*writer));
    kept->checkpointer = TRY(Checkpointer::start(file, *writer));
    std::unique_ptr<Database> database(new Database(std::move(kept), std::move(writer)));
    database->file_ = file;
    for (int i = 0; i < reader_count; ++i)
        database->readers_.push_back(TRY(SqliteConnection::open(file, OpenMode::read_only)));
    return database;
}

Result<std::unique_ptr<Database>> Database::open(const PostgresPlace& place)
{
    auto writer = TRY(PostgresConnection::open(place, PostgresUse::writing));
    TRY(migrate(*writer));
    std::unique_ptr<Database> database(new Database(std::make_unique<Kept>(), std::move(writer)));
    for (int i = 0; i < reader_count; ++i)
        database->readers_.push_back(TRY(PostgresConnection::open(place, PostgresUse::reading)));
    return database;
}

Result<void> copy_database(const Path& from, const Path& to)
{
    // SQLite wants a connection that may write for this, although only the new file is written.
    const auto connection = TRY(SqliteConnection::open(from, OpenMode::read_write));
    TRY(connection->execute("VACUUM INTO ?", {to.string()}));
    return {};
}

Result<void> Database::write(const Write& write)
{
    return writer_.write(fenced(write));
}

Write Database::fenced(Write write) const
{
    auto check = fence_ ? fence_() : Write();
    if (!check) return write;
    return [check = std::move(check), write = std::move(write)](Transaction& transaction) -> Result<void> {
        TRY(check(transaction));
        return write(transaction);
    };
}

engine::ExtraWrite Database::beside_run(Write write) const
{
    return
        [write = fenced(std::move(write))](engine::Transaction& transaction) { return write(in_store(transaction)); };
}

std::unique_ptr<Connection> Database::take_reader()
{
    std::unique_lock lock(mutex_);
    is_free_.wait(lock, [this] { return !readers_.empty(); });
    auto reader = std::move(readers_.back());
    readers_.pop_back();
    return reader;
}

void Database::give_back(std::unique_ptr<Connection> reader)
{
    {
        const std::lock_guard lock(mutex_);
        readers_.push_back(std::move(reader));
    }
    is_free_.notify_one();
}

Reading::Reading(Database& database, Transaction* within)
    : database_(database), borrowed_(within == nullptr ? database.take_reader() : nullptr),
      connection_(within == nullptr ? borrowed_.get() : within->operator->())
{
}

Reading::~Reading()
{
    if (borrowed_) database_.give_back(std::move(borrowed_));
}

}  // namespace ramet::storage
