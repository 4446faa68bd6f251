#include "bench/steps/place.hpp"

#include "storage/engine_store.hpp"
#include "storage/postgres/connection.hpp"

namespace ramet::bench {
namespace {

class PostgresBench final : public Place {
public:
    explicit PostgresBench(storage::PostgresAddress address) : place_{.address = std::move(address), .server = "bench"}
    {
    }

    Result<void> open()
    {
        database_ = TRY(storage::Database::open(place_));
        store_ = std::make_unique<storage::EngineStore>(*database_);
        rows_ = TRY(storage::PostgresConnection::open(place_, storage::PostgresUse::writing));
        return rows_->execute_script("CREATE TABLE row_alone (number BIGINT PRIMARY KEY, body TEXT NOT NULL)");
    }

    engine::RunStore& store() override { return *store_; }
    bool is_shared() const override { return true; }

    Result<void> commit_one_row() override
    {
        TRY(rows_->execute("INSERT INTO row_alone (number, body) VALUES (?, ?)", {++number_, body_}));
        return {};
    }

private:
    const storage::PostgresPlace place_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::EngineStore> store_;
    std::unique_ptr<storage::PostgresConnection> rows_;
    std::int64_t number_ = 0;
    const std::string body_ = std::string(300, 'x');
};

}  // namespace

Result<std::unique_ptr<Place>> make_postgres_place(const std::string& url)
{
    auto place = std::make_unique<PostgresBench>(TRY(storage::PostgresAddress::parse(url, {})));
    TRY(place->open());
    return place;
}

}  // namespace ramet::bench
