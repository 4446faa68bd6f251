#include "storage/database.hpp"

#include "storage/places.hpp"
#include "storage/schema.hpp"

#include <utility>

namespace ramet::storage {
namespace {

/// Reads are short; more would cost memory and gain nothing on a few cores.
constexpr int reader_count = 4;

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const Path& directory)
{
    TRY(ensure_directory(directory));
    auto lock = TRY(DirectoryLock::acquire(directory));
    const auto file = directory / store_name;
    auto writer = TRY(Connection::open(file, OpenMode::create));
    TRY(migrate(*writer));
    auto& committing = *writer;
    std::unique_ptr<Database> database(new Database(file, std::move(lock), std::move(writer)));
    database->checkpointer_ = TRY(Checkpointer::start(file, committing));
    for (int i = 0; i < reader_count; ++i)
        database->readers_.push_back(TRY(Connection::open(file, OpenMode::read_only)));
    return database;
}

Database::~Database() = default;

Result<void> copy_database(const Path& from, const Path& to)
{
    // SQLite wants a connection that may write for this, although only the new file is written.
    const auto connection = TRY(Connection::open(from, OpenMode::read_write));
    TRY(connection->execute("VACUUM INTO ?", {to.string()}));
    return {};
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
