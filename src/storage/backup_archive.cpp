#include "storage/backup_archive.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/tar.hpp"
#include "base/version.hpp"
#include "storage/schema.hpp"
#include "storage/sqlite.hpp"

#include <algorithm>

namespace ramet::storage {
namespace {

constexpr std::string_view manifest_name = "ramet-backup/manifest.json";
constexpr std::string_view store_file = "ramet-backup/ramet.db";
constexpr std::string_view format = "ramet-backup-1";

std::string to_text(const BackupManifest& manifest)
{
    json::array keys;
    for (const auto& key : manifest.keys) keys.emplace_back(key);
    return to_pretty_text(json::object{{"format", format},
                                       {"version", manifest.version},
                                       {"schema", manifest.schema},
                                       {"install", manifest.install},
                                       {"made_at", to_rfc3339(manifest.made_at)},
                                       {"bytes", manifest.bytes},
                                       {"sha256", manifest.sha256},
                                       {"current_key", manifest.current_key},
                                       {"keys", std::move(keys)}});
}

/// Guards the manifest itself, which no hash of its own could.
std::string check_text(std::string_view manifest)
{
    return sha256_hex(manifest);
}

Result<BackupManifest> parse_manifest(const std::string& text)
{
    const auto value = parse_json(text);
    if (!value || get_string(*value, "format") != format)
        return fail(ErrorKind::integrity, "its manifest is not one of a backup of this kind");
    const auto made_at = parse_rfc3339(get_string(*value, "made_at"));
    if (!made_at) return fail(ErrorKind::integrity, "its manifest has no time");
    BackupManifest manifest{.version = get_string(*value, "version"),
                            .schema = static_cast<int>(get_int(*value, "schema")),
                            .install = get_string(*value, "install"),
                            .made_at = *made_at,
                            .bytes = get_int(*value, "bytes"),
                            .sha256 = get_string(*value, "sha256"),
                            .current_key = get_string(*value, "current_key")};
    if (const auto& keys = get_member(*value, "keys"); keys.is_array())
        for (const auto& key : keys.as_array())
            if (key.is_string()) manifest.keys.emplace_back(key.as_string());
    return manifest;
}

std::string* find_file(std::vector<TarFile>& files, std::string_view name)
{
    const auto found = std::ranges::find(files, name, &TarFile::name);
    return found == files.end() ? nullptr : &found->content;
}

constexpr std::string_view check_name = "ramet-backup/manifest.sha256";

Result<Unpacked> unpack(std::string_view archive)
{
    auto files = TRY(parse_tar(archive));
    const auto* text = find_file(files, manifest_name);
    const auto* check = find_file(files, check_name);
    auto* store = find_file(files, store_file);
    if (text == nullptr || check == nullptr || store == nullptr || files.size() != 3)
        return fail(ErrorKind::integrity, "it does not hold what a backup holds");
    if (*check != check_text(*text)) return fail(ErrorKind::integrity, "its manifest was altered");
    Unpacked unpacked{.manifest = TRY(parse_manifest(*text))};
    if (static_cast<std::int64_t>(store->size()) != unpacked.manifest.bytes ||
        sha256_hex(*store) != unpacked.manifest.sha256)
        return fail(ErrorKind::integrity, "its store is not what was written");
    unpacked.store = std::move(*store);
    return unpacked;
}

Result<BackupManifest> describe(Connection& copy)
{
    BackupManifest manifest;
    manifest.schema = TRY(schema_version(copy));
    manifest.install = TRY(copy.find("SELECT value FROM meta WHERE key = 'install'", {}, [](const Row& row) {
                           return row.text(0);
                       })).value_or("");
    manifest.keys = TRY(copy.list("SELECT DISTINCT key_id FROM secret_version ORDER BY key_id", {},
                                  [](const Row& row) { return row.text(0); }));
    return manifest;
}

}  // namespace

Result<Backup> pack_backup(const Path& copy, std::string_view current_key, Time now)
{
    auto connection = TRY(SqliteConnection::open(copy, OpenMode::read_only));
    Backup backup{.manifest = TRY(describe(*connection))};
    connection.reset();
    auto store = TRY(read_file(copy, largest_backup));
    auto& manifest = backup.manifest;
    manifest.version = ramet::version;
    manifest.made_at = now;
    manifest.bytes = static_cast<std::int64_t>(store.size());
    manifest.sha256 = sha256_hex(store);
    manifest.current_key = current_key;
    const auto text = to_text(manifest);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    backup.archive = make_tar({{std::string(manifest_name), text},
                               {std::string(check_name), check_text(text)},
                               {std::string(store_file), std::move(store)}},
                              seconds);
    return backup;
}

Result<Unpacked> unpack_backup(std::string_view archive)
{
    auto unpacked = unpack(archive);
    if (unpacked) return unpacked;
    return fail_in(std::move(unpacked).error(), "the backup cannot be used");
}

}  // namespace ramet::storage
