#pragma once

#include "base/file.hpp"

namespace ramet::storage {

// Where a data directory has its store and its key-encryption keys.

inline constexpr auto store_name = "ramet.db";

inline Path store_directory(const Path& data_directory)
{
    return data_directory / "state";
}

inline Path key_file_of(const Path& data_directory)
{
    return data_directory / "keys" / "keys";
}

}  // namespace ramet::storage
