#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ramet::data {

/// User and group that a tree is given to.
struct Owner {
    uid_t user = 0;
    gid_t group = 0;
    friend bool operator==(const Owner&, const Owner&) = default;
};

/// `other`: sockets, pipes, devices.
enum class EntryType : unsigned char { directory, file, link, other };

/// One name inside a tree; `path` is relative to its root.
struct TreeEntry {
    std::string path;
    EntryType type = EntryType::file;
};

/// Everything in the tree, each directory before what is in it; neither links nor mounts are followed. A file system other than
/// the root's is `conflict`.
Result<std::vector<TreeEntry>> list_tree(const Fd& root, const Path& shown);

/// The directory itself, without following a link at its last part.
Result<Fd> open_directory(const Path& path);

/// Calls `work` for each index in [0, count) from `threads` threads; the first error ends it.
Result<void> in_parallel(int threads, std::size_t count, const std::function<Result<void>(std::size_t)>& work);

/// Gives the directory and everything in it to `owner`.
Result<void> change_owner(const Path& root, const Owner& owner, int threads = 2);

/// Removes a tree with several threads; for trees of Ramet's own, which nobody else changes meanwhile. Absent is success.
Result<void> remove_tree_quickly(const Path& root, int threads = 2);

}  // namespace ramet::data
