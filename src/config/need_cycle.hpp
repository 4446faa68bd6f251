#pragma once

#include "domain/project_file.hpp"

#include <string>
#include <vector>

namespace ramet::config {

struct NeedCycle {
    std::vector<std::string> names{};  ///< "web", "api", "web"; empty when there is none
    std::string path{};                ///< of the key that closes it
};

/// A circle among the needs of services and jobs.
NeedCycle find_need_cycle(const ProjectFile& file);

}  // namespace ramet::config
