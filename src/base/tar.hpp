#pragma once

#include "base/result.hpp"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace ramet {

struct TarFile {
    std::string name;  ///< at most 100 bytes
    std::string content;
};

/// A tar archive (POSIX ustar) of plain files, readable by their owner only.
std::string make_tar(const std::vector<TarFile>& files, std::time_t modified);

/// What `make_tar` has made, and nothing else that tar knows (links, folders, long names). `integrity` when it is cut off or altered.
Result<std::vector<TarFile>> parse_tar(std::string_view archive);

}  // namespace ramet
