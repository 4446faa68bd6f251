#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ramet::cli {

/// One line of an env file.
struct EnvironmentLine {
    std::string key{};
    std::string value{};
    int line = 0;
};

/// `KEY=VALUE`, `export KEY=VALUE`, comments, blank lines; values bare, in 'single' quotes (as they are) or in "double" ones
/// (\n, \t, \", \\), which may go over several lines. A bare value ends before " #". Nothing is expanded. A key that comes twice
/// and whatever else cannot be read are `invalid`, with FILE:LINE and never with the value.
Result<std::vector<EnvironmentLine>> parse_env_file(std::string_view text, const std::string& file);

/// Whether a value must be kept as a secret: by its name (PASSWORD, TOKEN, …), or because it is a URL with a password or a
/// private key.
bool looks_secret(const EnvironmentLine& line);

}  // namespace ramet::cli
