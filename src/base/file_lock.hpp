#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"

#include <optional>

namespace ramet {

/// Keeps others that do the same from the file, in this process and in others, for as long as it is open (flock(2)). `unavailable` when
/// somebody holds it for longer than `patience`: a process that stands still must not stop all others.
Result<void> lock_within(const Fd& file, const Path& path, Milliseconds patience);

/// The file, made where it is not there, and locked.
Result<Fd> lock_file(const Path& path, Milliseconds patience = Milliseconds{10'000});
/// The same at once; nothing when somebody else holds it.
Result<std::optional<Fd>> try_lock_file(const Path& path);

}  // namespace ramet
