#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>

namespace ramet::data::image {

/// A sparse file with an XFS whose files can share blocks. On failure no file is left.
Result<void> create(const Path& image, std::int64_t size_bytes);

/// Mounted by a loop device that goes away with the mount. Mounted already is success.
Result<void> mount(const Path& image, const Path& at);

/// Unmounts and removes; absent is success.
Result<void> remove(const Path& image, const Path& at);

}  // namespace ramet::data::image
