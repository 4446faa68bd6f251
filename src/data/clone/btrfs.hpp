#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>

namespace ramet::data::btrfs {

enum class Access : std::uint8_t { writable, read_only };

/// Whether `path` is the root of a btrfs subvolume; false for anything else, also for what is absent.
bool is_subvolume(const Path& path);

/// An empty subvolume; `refused` where the file system has none.
Result<void> create_subvolume(const Path& path);
/// `source` is a subvolume; `destination` must not exist and lies on the same file system.
Result<void> snapshot(const Path& source, const Path& destination, Access access);
Result<void> set_access(const Path& subvolume, Access access);
/// At once, whatever is in it; its blocks are given back later, in the background.
Result<void> destroy_subvolume(const Path& path);

}  // namespace ramet::data::btrfs
