#pragma once

#include "storage/backup.hpp"

namespace ramet::storage {

/// The archive of the copy of a store, with its manifest.
Result<Backup> pack_backup(const Path& copy, std::string_view current_key, Time now);

struct Unpacked {
    BackupManifest manifest;
    std::string store{};
};

/// `integrity` unless every byte is what `pack_backup` wrote.
Result<Unpacked> unpack_backup(std::string_view archive);

/// The largest store and archive that are read.
inline constexpr std::size_t largest_backup = std::size_t{4} << 30U;

}  // namespace ramet::storage
