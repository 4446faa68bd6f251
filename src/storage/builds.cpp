#include "storage/builds.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

CachedBuild read(const Row& row)
{
    return {row.text(0), row.text(1), row.integer(2), row.time(3), row.time(4)};
}

}  // namespace

Result<void> Builds::put(Transaction& transaction, const CachedBuild& build)
{
    return discard_count(transaction->execute(
        "INSERT INTO build (input_hash, artefact, bytes, made_at, last_used) VALUES (?,?,?,?,?) ON CONFLICT "
        "(input_hash) "
        "DO UPDATE SET artefact = excluded.artefact, bytes = excluded.bytes, made_at = excluded.made_at, "
        "last_used = excluded.last_used",
        {build.input_hash, build.artefact, build.bytes, build.made_at, build.last_used}));
}

Result<void> Builds::set_last_used(Transaction& transaction, std::string_view input_hash, Time now)
{
    return require_change(
        transaction->execute("UPDATE build SET last_used = ? WHERE input_hash = ?", {now, input_hash}), "cached build",
        input_hash);
}

Result<void> Builds::remove(Transaction& transaction, std::string_view input_hash)
{
    return discard_count(transaction->execute("DELETE FROM build WHERE input_hash = ?", {input_hash}));
}

Result<std::optional<CachedBuild>> Builds::find(std::string_view input_hash, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT input_hash, artefact, bytes, made_at, last_used FROM build WHERE input_hash = ?",
                         {input_hash}, read);
}

Result<std::vector<CachedBuild>> Builds::list(Transaction* within)
{
    Reading reading(database_, within);
    return reading->list(
        "SELECT input_hash, artefact, bytes, made_at, last_used FROM build ORDER BY last_used, input_hash", {}, read);
}

}  // namespace ramet::storage
