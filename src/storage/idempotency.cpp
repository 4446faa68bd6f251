#include "storage/idempotency.hpp"

#include "base/json.hpp"
#include "base/random.hpp"
#include "storage/rows.hpp"
#include "storage/servers.hpp"

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

struct Found {
    std::string request_hash;
    int status = not_answered;
    std::string reply;
};

Found read(const Row& row)
{
    return {row.text(0), static_cast<int>(row.integer(1)), row.text(2)};
}

Result<bool> is_up(Connection& connection, const std::string& server)
{
    const auto since = TRY(connection.clock()) - Servers::gone_after;
    const auto seen = TRY(connection.find("SELECT 1 FROM server WHERE id = ? AND seen_at > ?", {server, since},
                                          [](const Row&) { return true; }));
    return seen.has_value();
}

}  // namespace

IdempotencyKeys::IdempotencyKeys() : IdempotencyKeys(random_name()) {}

Result<Claim> IdempotencyKeys::claim(Transaction& transaction, const Key& key, std::string_view request_hash, Time now)
{
    TRY(transaction->execute("DELETE FROM idempotency WHERE at < ?", {now - kept_for}));
    const auto found =
        TRY(transaction->find("SELECT request_hash, status, reply FROM idempotency WHERE caller = ? AND key = ?",
                              {key.caller, key.key}, read));
    if (found && found->status == not_answered) {
        const bool is_running = found->reply == process_ || TRY(is_up(*transaction, found->reply));
        return Claim{is_running ? Standing::running : Standing::interrupted, found->request_hash, {}};
    }
    if (found) {
        const auto kept = parse_json(found->reply).value_or(Json(nullptr));
        const Answer answer{found->status, get_string(kept, "location"), get_string(kept, "body")};
        return Claim{Standing::answered, found->request_hash, answer};
    }
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
