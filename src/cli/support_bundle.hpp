#pragma once

#include "base/tar.hpp"
#include "cli/session.hpp"

#include <string>
#include <vector>

namespace ramet::cli {

/// What helps somebody else to understand an installation: versions, the doctor's checks, metrics, projects, environments, their
/// newest runs and the ends of their logs, webhook deliveries. Everything comes through the API, whose replies hold no secret and
/// whose logs are redacted; values of variables are not asked for. What could not be read is said in errors.txt.
std::vector<TarFile> collect_support(ApiClient& api, const std::string& version);

}  // namespace ramet::cli
