#include "storage/backup.hpp"

#include "secrets/file_keys.hpp"
#include "storage/backup_archive.hpp"

namespace ramet::storage {
namespace {

constexpr auto store_name = "ramet.db";

bool is_there(const Path& path)
{
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

/// The copy of a store, and no trace of it afterwards.
template <typename Copy>
Result<Backup> pack(const Path& scratch, std::string_view current_key, Time now, const Copy& copy)
{
    TRY(remove_tree(scratch));
    const Result<void> copied = copy();
    auto backup = copied ? pack_backup(scratch, current_key, now) : Result<Backup>(std::unexpected(copied.error()));
    TRY(remove_tree(scratch));
    return backup;
}

}  // namespace

Path store_directory(const Path& data_directory)
{
    return data_directory / "state";
}

Path key_file_of(const Path& data_directory)
{
    return data_directory / "keys" / "keys";
}

Result<Backup> make_backup(const Database& database, const Path& scratch, std::string_view current_key, Time now)
{
    return pack(scratch, current_key, now, [&] { return database.back_up(scratch); });
}

Result<Backup> make_offline_backup(const Path& data_directory, Time now)
{
    const auto state = store_directory(data_directory);
    if (!is_there(state / store_name)) return fail(ErrorKind::not_found, "{} holds no store", data_directory.string());
    const auto lock = TRY(DirectoryLock::acquire(state));
    const auto scratch = state / "backup.tmp";
    const auto keys = secrets::FileKeys::open(key_file_of(data_directory));
    return pack(scratch, keys ? (*keys)->current_key_id() : std::string(), now, [&]() -> Result<void> {
        const auto connection = TRY(Connection::open(state / store_name, OpenMode::read_write));
        TRY(connection->execute("VACUUM INTO ?", {scratch.string()}));
        return {};
    });
}

}  // namespace ramet::storage
