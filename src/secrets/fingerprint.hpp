#pragma once

#include "base/secret_bytes.hpp"

#include <string>
#include <string_view>

namespace ramet::secrets {

/// Keyed BLAKE2b of a secret's value as 64 hexadecimal digits: equal values of one project give equal fingerprints,
/// and without that project's key nobody can try out guesses. `key` has 32 random bytes, is sealed as a secret itself
/// and never rotates.
std::string fingerprint(const SecretBytes& key, std::string_view value);

}  // namespace ramet::secrets
