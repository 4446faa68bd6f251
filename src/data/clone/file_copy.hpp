#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>

namespace ramet::data {

enum class ShareResult : std::uint8_t { shared, unsupported };

/// Lets `to`, an empty file, share all blocks of `from`; `unsupported` where the file systems cannot.
Result<ShareResult> share_blocks(const Fd& from, const Fd& to, const Path& shown);

/// Copies the content, holes stay holes. Returns the bytes that were really copied.
Result<std::int64_t> copy_content(const Fd& from, const Fd& to, std::int64_t size, const Path& shown);

}  // namespace ramet::data
