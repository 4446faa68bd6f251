#pragma once

#include "data/clone/ladder.hpp"

namespace ramet::data::overlay {

/// Mounts `request.destination` over `request.source`: what is changed is copied up first, which shares blocks where the file
/// system can. `refused` when not root, or where blocks cannot be shared: PostgreSQL opens its files for writing, so the
/// first SELECT would copy them all. The source must stay until the clone is removed.
Result<CloneResult> clone(const CloneRequest& request);

/// Mounts again what a reboot has unmounted; repeatable.
Result<void> ensure_mounted(const Path& source, const Path& destination);

/// Whether `path` was made by `clone`.
Result<bool> is_overlay(const Path& path);

/// Unmounts and removes; absent is success.
Result<void> remove(const Path& path);

}  // namespace ramet::data::overlay
