#pragma once

#include <string>
#include <string_view>

namespace ramet {

/// The first mount point that is `path` or lies beneath it, from the text of /proc/self/mountinfo; empty when there is none.
/// `path` is absolute and without symbolic links, "." or "..". For `remove_tree`.
std::string find_mount_beneath(std::string_view mountinfo, std::string_view path);

}  // namespace ramet
