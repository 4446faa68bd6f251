#pragma once

#include <string_view>

namespace ramet::net {

/// "Not Found" for 404; "Status" for what has no name.
std::string_view status_text(int status);

}  // namespace ramet::net
