#include "storage/turns.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {

Result<bool> Turns::take(std::string_view key)
{
    bool is_ours = false;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        const auto now = TRY(transaction->clock());
        const auto changed = TRY(transaction->execute(
            "INSERT INTO turn (key, server, until) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET "
            "server = excluded.server, until = excluded.until WHERE turn.server = excluded.server OR turn.until < ?4",
            {key, server_, now + term, now}));
        is_ours = changed == 1;
        return {};
    }));
    const std::lock_guard lock(mutex_);
    if (is_ours) held_.emplace(key);
    return is_ours;
}

Result<void> Turns::give_back(std::string_view key)
{
    {
        // Before it is tried: what could not be given back is prolonged no more.
        const std::lock_guard lock(mutex_);
        held_.erase(std::string(key));
    }
    return database_.write([&](Transaction& transaction) {
        return discard_count(transaction->execute("DELETE FROM turn WHERE key = ? AND server = ?", {key, server_}));
    });
}

Result<void> Turns::prolong_all()
{
    const auto keys = held();
    if (keys.empty()) return {};
    return database_.write([&](Transaction& transaction) -> Result<void> {
        const auto now = TRY(transaction->clock());
        for (const auto& key : keys)
            TRY(transaction->execute("UPDATE turn SET until = ? WHERE key = ? AND server = ? AND until >= ?",
                                     {now + term, key, server_, now}));
        return {};
    });
}

std::set<std::string> Turns::held()
{
    const std::lock_guard lock(mutex_);
    return held_;
}

Result<void> Turns::check(Transaction& transaction, std::string_view key)
{
    const auto holder = TRY(
        transaction->find("SELECT server FROM turn WHERE key = ?", {key}, [](const Row& row) { return row.text(0); }));
    if (holder == server_) return {};
    return fail(ErrorKind::conflict, "another server has taken over {}", key);
}

}  // namespace ramet::storage
