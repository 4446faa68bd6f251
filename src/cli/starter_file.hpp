#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ramet::cli {

/// What was found in a repository, enough for a first ramet.yaml.
struct Repository {
    std::string name;      ///< a project's name
    std::string branch{};  ///< the present one
    struct Service {
        std::string name;
        std::string build{};     ///< a shell line; empty: nothing to build
        std::string run;         ///< a shell line
        std::string found_in{};  ///< the file that said so
        bool has_port = false;
    };
    std::vector<Service> services{};
    bool uses_postgres = false;
    bool uses_redis = false;
};

/// Looks at the files of a directory; what cannot be read is not there.
Repository inspect_repository(const Path& directory);

/// A ramet.yaml with comments that say what to look at; valid as it is.
std::string starter_file(const Repository& repository);

}  // namespace ramet::cli
