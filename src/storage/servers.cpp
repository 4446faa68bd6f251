#include "storage/servers.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

constexpr std::chrono::hours forgotten_after{24};

}  // namespace

Result<void> Servers::check_in(const Server& server)
{
    return database_.write([&](Transaction& transaction) -> Result<void> {
        const auto now = TRY(transaction->clock());
        TRY(transaction->execute("DELETE FROM server WHERE seen_at < ?", {now - forgotten_after}));
        return discard_count(transaction->execute(
            "INSERT INTO server (id, name, version, schema, started_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5) "
            "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
            {server.id, server.name, server.version, server.schema, now}));
    });
}

Result<void> Servers::leave(const std::string& id)
{
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("DELETE FROM turn WHERE server = ?", {id}));
        return discard_count(transaction->execute("DELETE FROM server WHERE id = ?", {id}));
    });
}

Result<std::vector<Servers::Server>> Servers::list_up()
{
    return list_heard_within(gone_after);
}

Result<std::vector<Servers::Server>> Servers::list_known()
{
    return list_heard_within(forgotten_after);
}

Result<std::vector<Servers::Server>> Servers::list_heard_within(Milliseconds silence)
{
    Reading reading(database_, nullptr);
    const auto now = TRY(reading->clock());
    return reading->list("SELECT id, name, version, schema, started_at, seen_at FROM server WHERE seen_at > ? "
                         "ORDER BY started_at, id",
                         {now - silence}, [](const Row& row) {
                             return Server{row.text(0), row.text(1), row.text(2), static_cast<int>(row.integer(3)),
                                           row.time(4), row.time(5)};
                         });
}

}  // namespace ramet::storage
