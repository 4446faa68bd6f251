#pragma once

#include "base/result.hpp"

#include <string>

namespace ramet::cli {

/// Whether a browser can be opened here: somebody sits at a terminal, beside a display.
bool has_browser();

/// Hands the address to $BROWSER, else to xdg-open. Nothing but http and https.
Result<void> open_browser(const std::string& url);

}  // namespace ramet::cli
