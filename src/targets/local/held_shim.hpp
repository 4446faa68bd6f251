#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// A marked directory with a shim in it: what the drivers of services and databases have in common.

/// Absent only when neither the directory nor a process is there; a shim that was killed counts as absent when `ensure` would
/// start it again, with what it left as evidence.
Result<engine::Observation> probe_held_shim(const Path& directory, const engine::ResourceRef& ref);

/// ensure_shim(), after what a killed one has left was ended.
Result<ShimStatus> ensure_held_shim(const ShimStart& start);

/// Asks the shim to end, if it is ours. True once no process of it is left; false: the same call shall be repeated. What it held
/// (its port) is to be released then, and its directory removed last: it is what tells that something is still to be done.
Result<bool> end_held_shim(const Path& directory, const engine::DeletionProof& proof, const StopOptions& options = {});

/// Ends what a shim runs, not the shim. True once nothing runs any more; false: the same call shall be repeated.
Result<bool> end_program(const Path& directory);

struct ShimListing {
    std::string install;
    std::string prefix;  ///< of the directories' names
};
Result<std::vector<engine::InventoryItem>> list_held_shims(const Path& root, const ShimListing& listing);

}  // namespace ramet::targets::local
