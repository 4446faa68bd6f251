#pragma once

#include "app/app.hpp"
#include "app/caller.hpp"
#include "base/result.hpp"

#include <cstdint>

namespace ramet::app {

/// Wraps every data key anew under a new key-encryption key; the old one is dropped when nothing needs it. Returns how many were
/// wrapped anew. What cannot be finished now goes on by itself.
Result<std::int64_t> rotate_keys(App& app, const Caller& caller);

/// The key file says so: it holds an older key beside the current one.
bool is_rotation_unfinished(App& app);
/// Goes on with a rotation that did not come to its end; nothing to do when there is none. Only in the turn of `rotation_key`.
/// Returns how many were wrapped anew.
Result<std::int64_t> finish_rotation(App& app);

}  // namespace ramet::app
