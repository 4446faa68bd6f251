#include "storage/postgres/schema.hpp"

namespace ramet::storage {
namespace {

Result<void> create_version_table(PostgresConnection& connection)
{
    return connection.execute_script(
        "CREATE TABLE IF NOT EXISTS schema_version (only_row BOOLEAN PRIMARY KEY CHECK (only_row), "
        "version BIGINT NOT NULL, serves_from BIGINT NOT NULL)");
}

Result<void> refuse_too_old(const PostgresSchema& present, int newest)
{
    Error error{
        ErrorKind::refused,
        fmt::format(
            "the store has schema {}, which needs a Ramet that knows schema {}; this one knows schemas up to {}",
            present.version, present.serves_from, newest)};
    error.next_step = "start the newer Ramet that has written it";
    return std::unexpected(std::move(error));
}

/// Those that looked in within the last minute, and know only what is older than `version`.
Result<void> check_running_servers(PostgresConnection& connection, const Migration& migration)
{
    const auto has_table = TRY(connection.find("SELECT to_regclass('server') IS NOT NULL", {},
                                               [](const Row& row) { return row.text(0) == "t"; }));
    if (!has_table.value_or(false)) return {};
    const auto older = TRY(connection.find("SELECT id, version, schema FROM server WHERE schema < ? AND seen_at > "
                                           "extract(epoch FROM now()) * 1000 - 60000",
                                           {migration.serves_from}, [](const Row& row) {
                                               return fmt::format("server {} (Ramet {}, schema {})", row.text(0),
                                                                  row.text(1), row.integer(2));
                                           }));
    if (!older) return {};
    Error error{ErrorKind::refused,
                fmt::format("the store cannot be brought to schema {} while {} is up", migration.version, *older)};
    error.next_step = "stop the older servers first";
    return std::unexpected(std::move(error));
}

Result<void> apply(PostgresConnection& connection, const Migration& migration)
{
    TRY(check_running_servers(connection, migration));
    TRY(connection.execute_script(std::string(migration.sql)));
    TRY(connection.execute(
        "INSERT INTO schema_version (only_row, version, serves_from) VALUES (true, ?, ?) ON CONFLICT (only_row) "
        "DO UPDATE SET version = excluded.version, serves_from = excluded.serves_from",
        {migration.version, migration.serves_from}));
    return {};
}

}  // namespace

Result<PostgresSchema> find_schema(PostgresConnection& connection)
{
    const auto has_table = TRY(connection.find("SELECT to_regclass('schema_version') IS NOT NULL", {},
                                               [](const Row& row) { return row.text(0) == "t"; }));
    if (!has_table.value_or(false)) return PostgresSchema{};
    const auto found = TRY(connection.find("SELECT version, serves_from FROM schema_version", {}, [](const Row& row) {
        return PostgresSchema{static_cast<int>(row.integer(0)), static_cast<int>(row.integer(1))};
    }));
    return found.value_or(PostgresSchema{});
}

Result<void> migrate(PostgresConnection& connection, std::span<const Migration> known)
{
    const auto newest = known.empty() ? 0 : known.back().version;
    for (const auto& migration : known) {
        // Under the lock of all writers: of two servers that start at once, the second finds what the first has done.
        TRY(connection.begin_writing());
        const auto step = [&]() -> Result<void> {
            TRY(create_version_table(connection));
            const auto present = TRY(find_schema(connection));
            if (present.serves_from > newest) return refuse_too_old(present, newest);
            return present.version < migration.version ? apply(connection, migration) : Result<void>{};
        };
        auto done = step();
        if (done) done = connection.commit();
        connection.roll_back();
        if (!done) return fail_in(done.error(), fmt::format("bringing the store to schema {}", migration.version));
    }
    return {};
}

}  // namespace ramet::storage
