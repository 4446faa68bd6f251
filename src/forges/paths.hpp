#pragma once

#include "domain/pull_request.hpp"

#include <string>
#include <string_view>

namespace ramet::forges {

enum class Slash : bool { encode, keep };
/// Percent-encodes everything but unreserved characters (RFC 3986); `Slash::keep` leaves the separators of a path.
std::string encode_path(std::string_view text, Slash slash = Slash::encode);

/// "/repos/OWNER/NAME", encoded.
std::string repository_path(const RepositoryName& repository);

}  // namespace ramet::forges
