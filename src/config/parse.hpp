#pragma once

#include "base/result.hpp"
#include "domain/project_file.hpp"

#include <expected>
#include <string_view>
#include <vector>

namespace ramet::config {

/// Reads ramet.yaml from untrusted text: validated, `from` applied, defaults filled in, the target `here` added. `file_name` is what
/// messages and provenance call it. The error is the first one; its `where` is "file:line:column".
Result<ProjectFile> parse_project_file(std::string_view text, std::string_view file_name);

/// The same with every error, in the order of the file.
std::expected<ProjectFile, std::vector<Error>> parse_project_file_fully(std::string_view text,
                                                                        std::string_view file_name);

}  // namespace ramet::config
