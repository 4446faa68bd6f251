#pragma once

#include <string>
#include <string_view>

namespace ramet::forges {

/// Text that every forge accepts: broken UTF-8 and control characters (but tabs and line ends) become U+FFFD. Log lines are
/// quoted in comments, and one wild byte in them would make the forge refuse the whole request.
std::string clean_text(std::string_view text);

/// At most `limit` bytes, cut between characters of valid UTF-8.
std::string_view cut_text(std::string_view text, std::size_t limit);

}  // namespace ramet::forges
