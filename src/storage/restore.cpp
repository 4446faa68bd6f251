#include "base/text.hpp"
#include "secrets/file_keys.hpp"
#include "storage/backup.hpp"
#include "storage/backup_archive.hpp"
#include "storage/directory_lock.hpp"
#include "storage/places.hpp"
#include "storage/schema.hpp"
#include "storage/sqlite.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ramet::storage {
namespace {

/// What SQLite keeps beside a database.
constexpr const char* companions[] = {"-wal", "-shm"};

Result<void> move(const Path& from, const Path& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0)
        return std::unexpected(os_error("putting something aside as", to));
    return {};
}

Result<void> check_schema(const BackupManifest& manifest)
{
    const auto newest = migrations().back().version;
    if (manifest.schema <= newest) return {};
    return std::unexpected(
        Error{ErrorKind::refused,
              fmt::format("the backup has schema {} and is of Ramet {}; this Ramet knows schemas up to {}",
                          manifest.schema, manifest.version, newest),
              {},
              "restore it with that Ramet, or a newer one"});
}

Error key_error(const Path& file, const std::string& words)
{
    return {ErrorKind::refused,
            words,
            {},
            fmt::format("put the key file that was kept apart back as {}, or name it with --key FILE", file.string())};
}

/// The key file that opens what is sealed in the backup; nothing is read with it here: an id is a hash of its key.
Result<void> check_keys(const BackupManifest& manifest, const RestoreRequest& request)
{
    const auto own = key_file_of(request.data_directory);
    const auto& file = request.key_file.empty() ? own : request.key_file;
    if (manifest.keys.empty() && request.key_file.empty() && !TRY(look_for(own))) return {};
    const auto keys = secrets::FileKeys::open(file);
    if (!keys && keys.error().kind == ErrorKind::not_found)
        return std::unexpected(
            key_error(own, fmt::format("the backup's secrets are sealed with the key {}, and there is no {}",
                                       join(manifest.keys, ", "), file.string())));
    if (!keys) return std::unexpected(keys.error());
    const auto held = (*keys)->key_ids();
    for (const auto& wanted : manifest.keys)
        if (std::ranges::find(held, wanted) == held.end())
            return std::unexpected(
                key_error(own, fmt::format("the backup's secrets are sealed with the key {}, and {} holds {}", wanted,
                                           file.string(), join(held, ", "))));
    return {};
}

/// A key file that was given goes where the server looks for it; another one that lies there is not replaced.
Result<void> check_key_place(const RestoreRequest& request)
{
    const auto own = key_file_of(request.data_directory);
    if (request.key_file.empty() || !TRY(look_for(own))) return {};
    const auto given = TRY(read_file(request.key_file, 1U << 20U));
    const auto present = TRY(read_file(own, 1U << 20U));
    if (given == present) return {};
    return std::unexpected(Error{ErrorKind::conflict,
                                 fmt::format("{} is another key file than {}", own.string(), request.key_file.string()),
                                 {},
                                 "move it away, and keep it: what was sealed with it needs it"});
}

Result<void> check_place(const RestoreRequest& request)
{
    const auto store = store_directory(request.data_directory) / store_name;
    if (!TRY(look_for(store)) || request.existing == RestoreRequest::Existing::set_aside) return {};
    return std::unexpected(Error{ErrorKind::conflict,
                                 fmt::format("{} has a store already", request.data_directory.string()), store.string(),
                                 "ramet restore FILE --force"});
}

/// A store that SQLite itself finds whole.
Result<void> check_store(const Path& file, const BackupManifest& manifest)
{
    const auto connection = TRY(SqliteConnection::open(file, OpenMode::read_only));
    const auto words =
        TRY(connection->find("PRAGMA integrity_check(1)", {}, [](const Row& row) { return row.text(0); }));
    if (words != "ok") return fail(ErrorKind::integrity, "the store in the backup is damaged: {}", words.value_or(""));
    const auto schema = TRY(schema_version(*connection));
    if (schema == manifest.schema) return {};
    return fail(ErrorKind::integrity, "the store in the backup has schema {}, its manifest says {}", schema,
                manifest.schema);
}

/// "ramet.db.before-20261123T184512Z"
Path place_aside(const Path& store, Time now)
{
    std::string digits;
    for (const char c : to_rfc3339(now).substr(0, 19))
        if (c != '-' && c != ':') digits += c;
    return store.string() + ".before-" + digits + "Z";
}

/// Its log first, folded into it where it can be: a store without its log would lack its last commits.
Result<Path> set_aside(const Path& store, Time now)
{
    if (!TRY(look_for(store))) return Path();
    if (const auto old = SqliteConnection::open(store, OpenMode::read_write))
        (void)(*old)->checkpoint(Checkpoint::restart);
    const auto aside = place_aside(store, now);
    for (const auto* companion : companions)
        if (TRY(look_for(store.string() + companion)))
            TRY(move(store.string() + companion, aside.string() + companion));
    TRY(move(store, aside));
    return aside;
}

Result<void> put_key(const RestoreRequest& request)
{
    const auto own = key_file_of(request.data_directory);
    if (request.key_file.empty() || TRY(look_for(own))) return {};
    const auto key = TRY(read_file(request.key_file, 1U << 20U));
    TRY(ensure_directory(own.parent_path(), 0700));
    return write_file(own, key, 0600);
}

Result<Restored> put_store(const Unpacked& unpacked, const RestoreRequest& request)
{
    const auto state = store_directory(request.data_directory);
    const auto fresh = state / "ramet.db.restoring";
    TRY(write_file(fresh, unpacked.store, 0600));
    TRY(check_store(fresh, unpacked.manifest));
    TRY(put_key(request));
    Restored restored{.manifest = unpacked.manifest};
    restored.set_aside = TRY(set_aside(state / store_name, request.now));
    TRY(move(fresh, state / store_name));
    const Fd directory(::open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) return std::unexpected(os_error("writing", state));
    return restored;
}

}  // namespace

Result<Restored> restore_backup(std::string_view archive, const RestoreRequest& request)
{
    const auto unpacked = TRY(unpack_backup(archive));
    TRY(check_schema(unpacked.manifest));
    TRY(check_keys(unpacked.manifest, request));
    TRY(check_key_place(request));
    TRY(check_place(request));
    const auto state = store_directory(request.data_directory);
    TRY(ensure_directory(request.data_directory, 0711));
    TRY(ensure_directory(state));
    const auto lock = TRY(DirectoryLock::acquire(state));
    TRY(check_place(request));
    auto restored = put_store(unpacked, request);
    if (!restored) (void)remove_tree(state / "ramet.db.restoring");
    return restored;
}

}  // namespace ramet::storage
