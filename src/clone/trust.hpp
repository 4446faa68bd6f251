#pragma once

#include "domain/project_file.hpp"

#include <string>
#include <vector>

namespace ramet::clone {

/// The file that counts for a preview. From the proposed one come services, jobs, databases (type, version, storage) and plain
/// variables; everything else, references to secrets included, from the trusted one. What a pull request changed in vain is noted.
ProjectFile combine(const ProjectFile& trusted, const ProjectFile& proposed, std::vector<std::string>& notes);

}  // namespace ramet::clone
