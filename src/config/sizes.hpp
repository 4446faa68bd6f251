#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::config {

/// "256Mi", "5Gi" (powers of 1024), "1G" (powers of 1000) or plain bytes. Never negative.
Result<std::int64_t> parse_byte_size(std::string_view text);
/// "268435456" → "256Mi"; the largest unit that is exact.
std::string format_byte_size(std::int64_t bytes);
/// "500m", "2" or "0.5" cores, in thousandths.
Result<std::int64_t> parse_cpu_millis(std::string_view text);

}  // namespace ramet::config
