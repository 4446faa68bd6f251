#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::cli {

struct TarFile {
    std::string name;  ///< at most 100 bytes
    std::string content;
};

/// A tar archive (POSIX ustar) of plain files, readable by their owner only.
std::string make_tar(const std::vector<TarFile>& files, std::time_t modified);

}  // namespace ramet::cli
