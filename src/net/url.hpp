#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ramet::net {

/// "%41" → "A". Nothing when an escape is broken or hides a NUL.
std::optional<std::string> decode_percent(std::string_view text);
/// Everything but letters, digits and "-._~" as %XX: fit for a path segment or a query value.
std::string encode_percent(std::string_view text);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// "a=1&b=x+y" decoded, "+" being a space. Nothing when an escape is broken.
std::optional<QueryParameters> parse_query(std::string_view text);

/// The decoded segments of "/a/b%2Fc" ("a", "b/c"); empty ones are kept but for the ends. Nothing when an escape is broken.
std::optional<std::vector<std::string>> parse_path(std::string_view path);

}  // namespace ramet::net
