#pragma once

#include <string>
#include <string_view>

namespace ramet::storage {

/// SQLite's "?" and "?2" as PostgreSQL's "$1" and "$2". Text in quotes is left alone. A statement uses one way or the other.
std::string number_parameters(std::string_view sql);

}  // namespace ramet::storage
