#include "storage/schema.hpp"

namespace ramet::storage {
namespace {

Result<void> apply(Connection& connection, const Migration& migration)
{
    const auto script =
        fmt::format("BEGIN IMMEDIATE; {} PRAGMA user_version = {}; COMMIT;", migration.sql, migration.version);
    auto applied = connection.execute_script(script);
    if (applied) return applied;
    if (connection.is_in_transaction()) (void)connection.execute_script("ROLLBACK");
    return fail_in(applied.error(), fmt::format("bringing the database to schema {}", migration.version));
}

}  // namespace

Result<int> schema_version(Connection& connection)
{
    const auto version = TRY(connection.find("PRAGMA user_version", {}, [](const Row& row) { return row.integer(0); }));
    return static_cast<int>(version.value_or(0));
}

Result<void> migrate(Connection& connection, std::span<const Migration> known)
{
    const auto present = TRY(schema_version(connection));
    const auto newest = known.empty() ? 0 : known.back().version;
    if (present > newest) {
        Error error{ErrorKind::refused,
                    fmt::format("the database has schema {}, this Ramet knows schemas up to {}", present, newest)};
        error.next_step = "start the newer Ramet that has written it";
        return std::unexpected(std::move(error));
    }
    for (const auto& migration : known)
        if (migration.version > present) TRY(apply(connection, migration));
    return {};
}

}  // namespace ramet::storage
