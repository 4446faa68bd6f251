#pragma once

#include <string_view>

namespace ramet {

/// Of this program, as `ramet version` and the metrics say it.
inline constexpr std::string_view version = "0.1.0";

}  // namespace ramet
