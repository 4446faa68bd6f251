#pragma once

#include "base/json.hpp"
#include "domain/value.hpp"
#include "targets/values.hpp"

#include <string>
#include <vector>

namespace ramet::targets::local {

/// A resolved value as data in a spec, in the engine's notation. Names of resources become those of the local target's nodes
/// ("service/api" is found at "address/api"); each node that is referred to is added to `needs`.
Json encode_value(const ResolvedValue& value, std::vector<std::string>& needs);

/// `run` and `command`: a string goes to the shell, a list is executed as it is.
std::vector<std::string> command_arguments(const Json& command);

/// An output of another node, as data.
Json output_of(std::string_view path, std::string_view output);

}  // namespace ramet::targets::local
