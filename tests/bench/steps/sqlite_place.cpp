#include "bench/steps/place.hpp"

#include "storage/engine_store.hpp"
#include "storage/sqlite.hpp"

namespace ramet::bench {
namespace {

class SqlitePlace final : public Place {
public:
    SqlitePlace(std::unique_ptr<storage::Database> database, std::unique_ptr<storage::SqliteConnection> rows)
        : database_(std::move(database)), store_(*database_), rows_(std::move(rows))
    {
    }

    engine::RunStore& store() override { return store_; }
    bool is_shared() const override { return false; }

    Result<void> commit_one_row() override
    {
        TRY(rows_->execute("INSERT INTO row_alone (number, body) VALUES (?, ?)", {++number_, body_}));
        return {};
    }

private:
    std::unique_ptr<storage::Database> database_;
    storage::EngineStore store_;
    /// A file of its own with the same settings, and SQLite's own checkpoints.
    std::unique_ptr<storage::SqliteConnection> rows_;
    std::int64_t number_ = 0;
    const std::string body_ = std::string(300, 'x');
};

}  // namespace

Result<std::unique_ptr<Place>> make_sqlite_place(const Path& directory)
{
    auto database = TRY(storage::Database::open(directory / "engine"));
    auto rows = TRY(storage::SqliteConnection::open(directory / "rows.db", storage::OpenMode::create));
    TRY(rows->execute_script("CREATE TABLE row_alone (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT"));
    return std::make_unique<SqlitePlace>(std::move(database), std::move(rows));
}

}  // namespace ramet::bench
