#pragma once

#include "data/clone/ladder.hpp"

namespace ramet::data {

/// Whether blocks are shared or copied, file by file.
enum class FileTransfer : std::uint8_t { share, copy };

/// Makes `request.destination` file by file, with `request.threads` threads. With `share`, `refused` as soon as one file
/// cannot share its blocks; then and on other errors a half-made copy is left to the caller.
Result<CloneResult> clone_files(const CloneRequest& request, FileTransfer transfer);

/// `refused` for tablespaces, for links that leave the tree, and for what is neither file nor folder nor link.
Result<void> check_entries(const Fd& root, const Path& shown, const std::vector<TreeEntry>& entries);

}  // namespace ramet::data
