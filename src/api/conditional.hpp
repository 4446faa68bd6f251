#pragma once

#include "app/precondition.hpp"
#include "net/http_server.hpp"

#include <string>
#include <string_view>

namespace ramet::api {

// Conditional requests (RFC 9110, 13). A tag is "VERSION-CONTENT": what a change must not overlook, and what was shown. What is
// shown of an environment (the health of its services) changes without a new version: If-None-Match compares the whole tag,
// If-Match the version.

/// What If-Match or If-None-Match ask of a change; `invalid` when they cannot be read.
Result<app::Precondition> read_precondition(const net::Request& request);

/// The answer to a GET with its ETag; 304 without a body when the client has just that.
net::Response with_tag(const net::Request& request, net::Response response, std::string_view version);

}  // namespace ramet::api
