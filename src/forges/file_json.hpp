#pragma once

#include "base/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ramet::forges {

/// The content of a file in the answer of `/contents/PATH` (GitHub's shape, which Gitea follows): base64 in lines. A directory is
/// `invalid`, anything else that is no file `unavailable`.
Result<std::string> read_file_content(const Json& answer, std::string_view path);

/// RFC 4648, section 4; line ends between are skipped. Nothing when it is broken.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ramet::forges
