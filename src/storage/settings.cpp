#include "storage/settings.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {

Result<Installation> Settings::ensure_installation(Random& random, Time now)
{
    const auto id = random_hex(random, 8);
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        return discard_count(transaction->execute(
            "INSERT INTO meta (key, value) VALUES ('install', ?), ('created_at', ?) ON CONFLICT DO NOTHING",
            {id, to_rfc3339(now)}));
    }));
    const auto created_at = TRY(find("created_at"));
    Installation installation;
    installation.id = TRY(find("install")).value_or(id);
    installation.created_at = TRY(parse_rfc3339(created_at.value_or("")));
    return installation;
}

Result<std::optional<std::string>> Settings::find(std::string_view key, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT value FROM meta WHERE key = ?", {key}, [](const Row& row) { return row.text(0); });
}

Result<void> Settings::set(Transaction& transaction, std::string_view key, std::string_view value)
{
    return put_meta(transaction, key, value);
}

}  // namespace ramet::storage
