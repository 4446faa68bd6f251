#pragma once

#include "data/clone/ladder.hpp"

#include <cstdint>

namespace ramet::data {

/// Where databases, goldens, snapshots and templates live: `store/` of the data directory, which may be a file system of its own.
struct StorePaths {
    Path data_directory;

    Path root() const { return data_directory / "store"; }
    Path image() const { return data_directory / "store.xfs"; }
    Path databases() const { return root() / "databases"; }
    Path goldens() const { return root() / "goldens"; }
    Path snapshots() const { return root() / "snapshots"; }
    Path templates() const { return root() / "templates"; }
};

/// An image is a sparse file with a file system whose files can share blocks, mounted at the store.
enum class StoreKind : std::uint8_t { plain, image };

struct StoreStatus {
    StoreKind kind = StoreKind::plain;
    CloneMethod method = CloneMethod::copy;  ///< the best that works there
    std::int64_t size_bytes = 0;
    std::int64_t free_bytes = 0;  ///< of the store, and never more than the disk beneath it has
};

struct StoreInit {
    std::int64_t size_bytes = 64LL << 30;  ///< the most it can grow to; at least 300 MiB
};

/// Makes an image where the file system of the data directory cannot share blocks; where it can, there is nothing to do.
/// Repeatable. Errors: refused (not root; too small), conflict (the store is in use), not_found (no mkfs.xfs). On failure all
/// is undone.
Result<StoreStatus> init_store(const StorePaths& paths, const StoreInit& options);

/// At each start of the server: mounts the image again after a reboot and makes the folders.
Result<void> ensure_store(const StorePaths& paths);

Result<StoreStatus> get_store_status(const StorePaths& paths);

/// Unmounts and removes the image. `conflict` while there are databases; goldens and templates go with it. Repeatable.
Result<void> remove_store(const StorePaths& paths);

}  // namespace ramet::data
