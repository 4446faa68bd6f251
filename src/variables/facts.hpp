#pragma once

#include "base/result.hpp"
#include "domain/interpolation.hpp"
#include "variables/input.hpp"

namespace ramet::variables {

/// What a placeholder other than a variable stands for, as this reader sees it. `invalid`, in words, when it stands for nothing here:
/// `pr.*` without a pull request, a service without a port, a user of Redis.
Result<ResolvedValue> fact(const ResolutionInput& input, const std::string& reader, const Placeholder& placeholder);

}  // namespace ramet::variables
