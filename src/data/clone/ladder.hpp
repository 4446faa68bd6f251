#pragma once

#include "data/clone/tree.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace ramet::data {

/// Ways to copy a tree, best first.
enum class CloneMethod : std::uint8_t { btrfs_snapshot, reflink, overlay, copy };

/// `served`: its files come, go, grow and shrink while they are copied, and somebody else puts right what that makes of the copy (a
/// database's log). A folder that vanishes makes it `not_found`: try again.
enum class SourceState : std::uint8_t { still, served };

struct CloneRequest {
    Path source;                   ///< nobody changes it meanwhile, but for `state`
    Path destination;              ///< absent; its parent exists
    std::optional<Owner> owner{};  ///< given to everything in the copy; modes stay
    /// Only this one; `refused` when it cannot be. Overlay is tried only when asked for.
    std::optional<CloneMethod> only{};
    int threads = 2;
    std::stop_token stop{};
    SourceState state = SourceState::still;
};

struct CloneResult {
    CloneMethod method = CloneMethod::copy;
    std::int64_t bytes_copied = 0;  ///< of content; shared blocks do not count
    std::int64_t files = 0;
};

/// An independent copy by the first method that works here. On failure nothing of it is left. Errors: not_found, refused
/// (a tablespace or a link that leaves the tree; the method asked for cannot be), unavailable (disk full), cancelled.
Result<CloneResult> clone_tree(const CloneRequest& request);

/// Removes what `clone_tree` made, or half made, by any method. Absent is success.
Result<void> remove_clone(const Path& path);

/// An empty tree that `clone_tree` can copy best: a subvolume where there are such, else a directory.
Result<void> create_cloneable(const Path& path);

/// What works between two trees inside `directory`, found out by doing it; `copy` is always last.
Result<std::vector<CloneMethod>> probe_methods(const Path& directory);

/// Whether the method takes a moment whatever the size of the tree.
bool is_instant(CloneMethod method);
/// "btrfs-snapshot", "reflink", "overlay", "copy"
std::string_view to_string(CloneMethod method);

}  // namespace ramet::data
