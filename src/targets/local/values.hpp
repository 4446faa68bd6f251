#pragma once

#include "base/json.hpp"
#include "domain/secret_opener.hpp"
#include "domain/value.hpp"

#include <map>
#include <string>

namespace ramet::targets::local {

/// A resolved value as data in a spec, in the engine's notation. Names of resources become those of the local target's nodes
/// ("service/api" is found at "address/api"); each node that is referred to is added to `needs`.
Json encode_value(const ResolvedValue& value, std::vector<std::string>& needs);

/// The plaintext of a filled value: a string, a secret, or a concatenation of both. Only at the moment of the call.
Result<std::string> open_value(const Json& value, SecretOpener& secrets);
/// The same for each member of an object.
Result<std::map<std::string, std::string>> open_variables(const Json& object, SecretOpener& secrets);

/// `run` and `command`: a string goes to the shell, a list is executed as it is.
std::vector<std::string> command_arguments(const Json& command);

/// An output of another node, as data.
Json output_of(std::string_view path, std::string_view output);

}  // namespace ramet::targets::local
