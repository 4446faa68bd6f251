#pragma once

#include "domain/value.hpp"

#include <cstddef>
#include <string>

namespace ramet::variables {

/// Linux gives a program at most 128 KiB in one string (MAX_ARG_STRLEN), key included.
constexpr std::size_t largest_value = std::size_t{120} * 1024;

/// Puts `more` behind `value`; adjacent literals become one.
void append(ResolvedValue& value, const ResolvedValue& more);
/// Bytes of its literals, and something for each other segment.
std::size_t size_of(const ResolvedValue& value);

/// For people: literals as they are, "{secret NAME v3}", "{service/api.host}". Never a secret's plaintext, as a value has none.
std::string describe(const ResolvedValue& value);
/// What a declaration says, for people: "${databases.db.url}", "{secret: NAME}", "{alias: KEY}", "{unset: true}".
std::string describe(const DeclaredValue& value);

}  // namespace ramet::variables
