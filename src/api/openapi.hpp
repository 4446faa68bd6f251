#pragma once

#include <string_view>

namespace ramet::api {

/// schema/openapi.yaml as JSON, built into the program.
std::string_view openapi_document();

}  // namespace ramet::api
