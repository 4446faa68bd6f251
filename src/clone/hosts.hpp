#pragma once

#include "clone/input.hpp"

#include <string>

namespace ramet::clone {

/// The public host of a service: one label below the domain, at most 63 characters; when another project holds it, with "-PROJECT".
std::string public_host(const std::string& pattern, const std::string& service, const DesiredEnvironment& environment,
                        const std::set<std::string>& taken);

/// Of this machine's proxy, or of a cluster's own way in.
PublicAddress public_address_of(const DesiredEnvironment& environment, const PublicAddress& proxy);

/// "http://web-pr-42.localhost:8080"; the port only when it is not the scheme's own.
std::string public_url(const PublicAddress& address, const std::string& host);

}  // namespace ramet::clone
