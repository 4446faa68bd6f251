#include "storage/backup.hpp"

#include "secrets/file_keys.hpp"
#include "storage/backup_archive.hpp"
#include "storage/directory_lock.hpp"
#include "storage/places.hpp"

namespace ramet::storage {
namespace {

/// A copy of the store beside it, packed, and no trace of the copy afterwards.
Result<Backup> pack(const Path& store, std::string_view current_key, Time now)
{
    const auto scratch = store.parent_path() / "backup.tmp";
    TRY(remove_tree(scratch));
    const auto copied = copy_database(store, scratch);
    auto backup = copied ? pack_backup(scratch, current_key, now) : Result<Backup>(std::unexpected(copied.error()));
    TRY(remove_tree(scratch));
    return backup;
}

}  // namespace

Result<Backup> make_backup(const Database& database, std::string_view current_key, Time now)
{
    if (database.file()) return pack(*database.file(), current_key, now);
    return std::unexpected(
        Error{ErrorKind::refused, "the store is a PostgreSQL database, which has its own backups", "",
              "pg_dump, or what your database is backed up with; and keep the data directory's keys apart"});
}

Result<Backup> make_offline_backup(const Path& data_directory, Time now)
{
    const auto state = store_directory(data_directory);
    if (!TRY(look_for(state / store_name)))
        return fail(ErrorKind::not_found, "{} holds no store", data_directory.string());
    const auto lock = TRY(DirectoryLock::acquire(state));
    const auto keys = secrets::FileKeys::open(key_file_of(data_directory));
    return pack(state / store_name, keys ? (*keys)->current_key_id() : std::string(), now);
}

}  // namespace ramet::storage
