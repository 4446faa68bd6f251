#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"

namespace ramet::targets::local {

/// What a process that was killed may leave in between two calls, and what no row of the ledger can name: homes and references
/// to builds that were not given their name yet. Only before anything is started: nothing of it may be in the making.
Result<void> remove_unfinished(const Path& data_directory);

/// Control groups of shims that are over: empty, and older than `age`. A group that holds anything cannot be removed.
void remove_empty_control_groups(Milliseconds age);

}  // namespace ramet::targets::local
