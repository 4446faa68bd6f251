#pragma once

#include "base/result.hpp"

#include <string_view>

namespace ramet {

/// Names of projects, services, databases, jobs, environments, targets and previews: a DNS label of at most 40 characters
/// (lower-case letters, digits, dashes; a letter first), so that they fit into host names whole.
Result<void> check_name(std::string_view name);

/// Names of secrets: letters, digits, dot, dash and underscore, at most 128, not starting with dot or dash.
Result<void> check_secret_name(std::string_view name);

/// Names of variables that people may set. Refused: what is no identifier, what changes how programs are loaded
/// (LD_*, GCONV_PATH, BASH_ENV, ENV, IFS) and what Ramet sets itself (HOST, PORT, RAMET_*).
Result<void> check_variable_name(std::string_view name);

/// Text that ends up as an argument of a program (branch, image, volume): no leading dash, no control character.
Result<void> check_argument(std::string_view text);

/// The name of a branch as git takes it: an argument that is neither a pattern nor two names, so that `refs/heads/` in front of it
/// names one ref.
Result<void> check_branch(std::string_view name);

/// A host name or address without port: no blank, no control character, no part longer than DNS allows.
Result<void> check_host(std::string_view host);

/// Where an administrator says that a repository is: http, https or ssh, or a directory of the server's own machine.
Result<void> check_repository_address(std::string_view address);

/// URLs that come from a repository: `file:`, `ext::` and `javascript:` are refused, and so is every control character.
Result<void> check_url(std::string_view url);

}  // namespace ramet
