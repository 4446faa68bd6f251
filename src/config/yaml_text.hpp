#pragma once

#include "config/yaml_tree.hpp"

#include <optional>
#include <string_view>

namespace ramet::config {

/// What is wrong with the bytes before any YAML is read: size, encoding, control characters.
std::optional<Error> check_text(std::string_view text, std::string_view file_name);

}  // namespace ramet::config
