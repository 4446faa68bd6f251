#pragma once

#include "base/error.hpp"
#include "domain/project_file.hpp"

#include <string>
#include <string_view>

namespace ramet::config {

/// Where a key of the file stands; for a path that is not used, where its nearest used parent stands.
Provenance place_of(const ProjectFile& file, std::string_view path);

/// "ramet.yaml:3:14"
std::string to_string(const Provenance& where);

/// An error about a key of the file: path in front, place in `where`.
Error error_at(const ProjectFile& file, std::string_view path, std::string message);

}  // namespace ramet::config
