#include "storage/outbox.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

OutboxMessage read(const Row& row)
{
    return {row.integer(0), row.text(1), row.text(2), row.text(3), row.integer(4), static_cast<int>(row.integer(5)),
            row.time(6),    row.text(7), row.time(8)};
}

}  // namespace

Result<void> Outbox::post(Transaction& transaction, const Post& post)
{
    return discard_count(transaction->execute(
        "INSERT INTO outbox (kind, target, payload, revision, attempts, next_at, last_error, posted_at) "
        "VALUES (?1, ?2, ?3, 1, 0, ?4, '', ?4) ON CONFLICT (kind, target) DO UPDATE SET payload = excluded.payload, "
        "revision = outbox.revision + 1, attempts = 0, next_at = excluded.next_at, last_error = '', posted_at = "
        "excluded.posted_at",
        {post.kind, post.target, post.payload, post.now}));
}

Result<void> Outbox::mark_sent(Transaction& transaction, const OutboxMessage& message)
{
    return discard_count(
        transaction->execute("DELETE FROM outbox WHERE id = ? AND revision = ?", {message.id, message.revision}));
}

Result<void> Outbox::mark_failed(Transaction& transaction, const OutboxMessage& message, std::string_view error,
                                 Time next_at)
{
    return discard_count(transaction->execute(
        "UPDATE outbox SET attempts = attempts + 1, last_error = ?, next_at = ? WHERE id = ? AND revision = ?",
        {error, next_at, message.id, message.revision}));
}

Result<std::vector<OutboxMessage>> Outbox::list_due(Time now, int limit, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list(
        "SELECT id, kind, target, payload, revision, attempts, next_at, last_error, posted_at FROM outbox "
        "WHERE next_at <= ? ORDER BY next_at, id LIMIT ?",
        {now, limit}, read);
}

Result<std::optional<Time>> Outbox::find_next_time(Transaction* within)
{
    Reading reading(database_, within);
    const auto next =
        TRY(reading->find("SELECT min(next_at) FROM outbox", {}, [](const Row& row) { return row.optional_time(0); }));
    return next.value_or(std::nullopt);
}

}  // namespace ramet::storage
