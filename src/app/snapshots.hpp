#pragma once

#include "app/environments.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ramet::app {

/// So many of one database; each keeps what has changed since.
inline constexpr std::size_t most_snapshots = 10;

/// A database of a preview, or one snapshot of it.
struct SnapshotName {
    EnvironmentName environment;
    std::string database;
    std::string snapshot{};
};

struct SnapshotView {
    std::string name;
    std::string database;
    Time made_at{};
    std::string method{};  ///< btrfs-snapshot|reflink|overlay|copy
    std::int64_t bytes_copied = 0;
    std::int64_t size_bytes = 0;
    std::optional<std::int64_t> private_bytes{};  ///< what its removal gives back, now; nothing where it cannot be read
    std::string schema{};                         ///< another one after each change of tables, not of rows
    std::string version{};                        ///< of PostgreSQL
    bool is_restored = false;                     ///< the database was put back to this one last
};

struct SnapshotStarted {
    std::string run;
    std::string name;
    std::string method;  ///< how it will be copied
};

// Snapshots are of a preview's PostgreSQL databases: anything else is `refused`, in words. They are resources of the preview and go
// with it. Each change is a run; `conflict` while another one is under way.

/// Newest first.
Result<std::vector<SnapshotView>> list_snapshots(App& app, const Caller& caller, const SnapshotName& name);

/// A copy of the database as it is now, while it serves; an empty name gets one after the time. `refused` beyond `most_snapshots`.
Result<SnapshotStarted> make_snapshot(App& app, const Caller& caller, const SnapshotName& name);

Result<std::string> remove_snapshot(App& app, const Caller& caller, const SnapshotName& name);

/// The preview's next generation, whose database has the snapshot's data; services that use it are started anew. The data before is there
/// until all is ready, and again when anything fails.
Result<std::string> restore_snapshot(App& app, const Caller& caller, const SnapshotName& name);

}  // namespace ramet::app
