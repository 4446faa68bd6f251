#pragma once

#include "base/clock.hpp"
#include "data/clone/ladder.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ramet::data {

/// A copy of one preview's database at one moment, in a folder of its own. Nobody changes it; a server that is started on a clone of it
/// recovers first.
struct Snapshot {
    std::string version{};      ///< of PostgreSQL
    std::string schema_hash{};  ///< of the database, shortly before the copy
    std::string method{};       ///< how it was copied: to_string(CloneMethod)
    Time made_at{};
    std::int64_t bytes_copied = 0;  ///< of content; shared blocks do not count
    std::int64_t size_bytes = 0;    ///< of the files' contents
    Path directory{};               ///< the data directory to clone
};

/// Where the snapshot of this folder has its data directory.
Path snapshot_data(const Path& folder);

/// Nothing while there is none, or only a half-made one. `integrity` when its record is damaged.
Result<std::optional<Snapshot>> find_snapshot(const Path& folder);

/// Makes what lies in `snapshot_data(folder)` a snapshot: read-only where the file system can, durable; its record is written last.
/// Returns it with its directory and size.
Result<Snapshot> publish_snapshot(const Path& folder, const Snapshot& snapshot);

/// What is there of it, half made or whole; not the folder. Absent is success.
Result<void> remove_snapshot(const Path& folder);

}  // namespace ramet::data
