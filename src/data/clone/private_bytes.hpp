#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>

namespace ramet::data {

struct TreeBytes {
    std::int64_t length = 0;  ///< of the files' contents
    /// Disk space that the files share with no other file: what their removal gives back. Where the file system does not tell shared
    /// blocks apart, all that they take.
    std::int64_t own = 0;
};

/// What vanishes while it is measured counts nothing.
Result<TreeBytes> measure_tree(const Path& root);

}  // namespace ramet::data
