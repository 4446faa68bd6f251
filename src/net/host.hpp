#pragma once

#include <string>
#include <string_view>

namespace ramet::net {

/// A Host field as routes are kept: lower case, without port and without the trailing dot of a full name. IPv6 addresses
/// keep their brackets. False when it is no host. `host` is overwritten, so that its memory is used again.
bool normalise_host(std::string_view field, std::string& host);

}  // namespace ramet::net
