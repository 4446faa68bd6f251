#pragma once

#include "base/json.hpp"
#include "data/golden/catalog.hpp"

namespace ramet::data {

/// golden.json: the fields of a golden but its directory and pins.
std::string golden_record(const Golden& golden);
/// `integrity` when it is not what `golden_record` writes.
Result<Golden> parse_golden_record(std::string_view text);

}  // namespace ramet::data
