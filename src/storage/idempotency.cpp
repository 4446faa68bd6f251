#include "storage/idempotency.hpp"

#include "base/json.hpp"
#include "base/random.hpp"
#include "storage/rows.hpp"

#include <optional>

namespace ramet::storage {

namespace {

using Claim = IdempotencyKeys::Claim;
using Standing = IdempotencyKeys::Standing;

// A claim has no status yet; its reply names the process that holds it.
constexpr int not_answered = 0;

std::string random_name()
{
    SystemRandom random;
    return random_hex(random, 8);
}

Claim read_claim(const Row& row, std::string_view process)
{
    const auto status = static_cast<int>(row.integer(1));
    const auto reply = row.text(2);
    if (status == not_answered) return {reply == process ? Standing::running : Standing::interrupted, row.text(0), {}};
    const auto kept = parse_json(reply).value_or(Json(nullptr));
    return {Standing::answered, row.text(0), {status, get_string(kept, "location"), get_string(kept, "body")}};
}

}  // namespace

IdempotencyKeys::IdempotencyKeys() : process_(random_name()) {}

Result<Claim> IdempotencyKeys::claim(Transaction& transaction, const Key& key, std::string_view request_hash, Time now)
{
    TRY(transaction->execute("DELETE FROM idempotency WHERE at < ?", {now - kept_for}));
    auto found =
        TRY(transaction->find("SELECT request_hash, status, reply FROM idempotency WHERE caller = ? AND key = ?",
                              {key.caller, key.key}, [&](const Row& row) { return read_claim(row, process_); }));
    if (found) return std::move(*found);
    TRY(transaction->execute(
        "INSERT INTO idempotency (caller, key, request_hash, status, reply, at) VALUES (?,?,?,?,?,?)",
        {key.caller, key.key, request_hash, not_answered, process_, now}));
    return Claim{Standing::begun, std::string(request_hash), {}};
}

Result<void> IdempotencyKeys::answer(Transaction& transaction, const Key& key, const Answer& answer)
{
    const auto reply = to_text(json::object{{"location", answer.location}, {"body", answer.body}});
    return require_change(
        transaction->execute("UPDATE idempotency SET status = ?, reply = ? WHERE caller = ? AND key = ?",
                             {answer.status, reply, key.caller, key.key}),
        "idempotency key", key.key);
}

Result<void> IdempotencyKeys::release(Transaction& transaction, const Key& key)
{
    return discard_count(
        transaction->execute("DELETE FROM idempotency WHERE caller = ? AND key = ? AND status = ? AND reply = ?",
                             {key.caller, key.key, not_answered, process_}));
}

}  // namespace ramet::storage
