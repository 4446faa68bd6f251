#pragma once

#include "base/json.hpp"
#include "domain/secret_opener.hpp"

#include <map>
#include <string>

namespace ramet::targets {

/// How a secret stands in a spec; `open_value` opens it.
Json note_secret(const SecretReference& secret);
/// The plaintext of a filled value: a string, a secret, or a concatenation of both. Only at the moment of the call.
Result<std::string> open_value(const Json& value, SecretOpener& secrets);
/// The same for each member of an object.
Result<std::map<std::string, std::string>> open_variables(const Json& object, SecretOpener& secrets);

}  // namespace ramet::targets
