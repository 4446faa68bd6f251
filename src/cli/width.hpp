#pragma once

#include <string>
#include <string_view>

namespace ramet::cli {

/// Columns that a terminal gives the text: none to combining marks, two to wide letters and pictures.
std::size_t display_width(std::string_view text);

/// Without what a terminal would obey: control characters become spaces. Names of branches and the like come from strangers.
std::string printable(std::string_view text);

}  // namespace ramet::cli
