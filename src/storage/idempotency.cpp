#include "storage/idempotency.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {

Result<void> IdempotencyKeys::insert(Transaction& transaction, const Key& key, const Reply& reply, Time now)
{
    return require_new(
        transaction->execute(
            "INSERT INTO idempotency (caller, key, request_hash, status, reply, at) VALUES (?,?,?,?,?,?)",
            {key.caller, key.key, reply.request_hash, reply.status, reply.body, now}),
        "idempotency key", key.key);
}

Result<std::optional<IdempotencyKeys::Reply>> IdempotencyKeys::find(const Key& key, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find(
        "SELECT request_hash, status, reply FROM idempotency WHERE caller = ? AND key = ?", {key.caller, key.key},
        [](const Row& row) { return Reply{row.text(0), static_cast<int>(row.integer(1)), row.text(2)}; });
}

Result<void> IdempotencyKeys::prune(Transaction& transaction, Time before)
{
    return discard_count(transaction->execute("DELETE FROM idempotency WHERE at < ?", {before}));
}

}  // namespace ramet::storage
