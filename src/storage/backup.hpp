#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// What a backup says of itself: manifest.json of its archive.
struct BackupManifest {
    std::string version{};  ///< of the Ramet that made it
    int schema = 0;
    std::string install{};
    Time made_at{};
    std::int64_t bytes = 0;  ///< of the store
    std::string sha256{};
    std::string current_key{};        ///< the id under which new secrets are sealed; never the key itself
    std::vector<std::string> keys{};  ///< ids of all keys that sealed values need
};

struct Backup {
    BackupManifest manifest;
    std::string archive{};  ///< a tar file
};

/// The whole store as of one moment, while it is written to; one at a time.
Result<Backup> make_backup(const Database& database, std::string_view current_key, Time now);

/// The same of a store that no server has open: `conflict` when one has, `not_found` when there is none.
Result<Backup> make_offline_backup(const Path& data_directory, Time now);

struct RestoreRequest {
    Path data_directory;
    Path key_file{};  ///< empty: the data directory's own
    /// What becomes of a store that is there.
    enum class Existing : std::uint8_t { refused, set_aside } existing = Existing::refused;
    Time now{};
};

struct Restored {
    BackupManifest manifest;
    Path set_aside{};  ///< the store that was there
};

/// Puts the archive's store into a data directory that no server uses. All is checked before anything is written: the archive
/// (`integrity`), its schema (`refused` when it is newer than this Ramet), the keys (`refused` when they do not open its secrets) and
/// what is there (`conflict`).
Result<Restored> restore_backup(std::string_view archive, const RestoreRequest& request);

}  // namespace ramet::storage
