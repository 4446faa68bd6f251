#pragma once

#include "base/json.hpp"
#include "domain/value.hpp"

namespace ramet::storage {

/// {"text": …} | {"secret": NAME} | {"alias": KEY} | {"unset": true} | {"generate": "random", "length": 32, "secret":
/// false}
Json to_json(const DeclaredValue& value);
/// The inverse; `integrity` for anything else.
Result<DeclaredValue> declared_value_from_json(const Json& value);

}  // namespace ramet::storage
