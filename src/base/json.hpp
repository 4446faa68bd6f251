#pragma once

#include "base/result.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ramet {

namespace json = boost::json;
using Json = json::value;

/// Strict JSON, at most 64 levels deep, from untrusted input. Errors are `invalid` with the byte offset.
Result<Json> parse_json(std::string_view text);

/// One line, keys in the order of insertion.
std::string to_text(const Json& value);
/// Keys sorted at every level: equal values give equal bytes, so that it can be hashed.
std::string to_canonical_text(const Json& value);
/// Indented by two spaces, for people.
std::string to_pretty_text(const Json& value);

/// Member access for data that Ramet itself wrote or has validated: a missing or ill-typed member gives the fallback.
std::string get_string(const Json& object, std::string_view key, std::string_view fallback = {});
std::int64_t get_int(const Json& object, std::string_view key, std::int64_t fallback = 0);
bool get_bool(const Json& object, std::string_view key, bool fallback = false);
/// The member, or null; never throws.
const Json& get_member(const Json& value, std::string_view key);

/// Member access for input: a missing or ill-typed member is `invalid` and names the key.
Result<std::string> require_string(const Json& object, std::string_view key);
Result<std::int64_t> require_int(const Json& object, std::string_view key);

}  // namespace ramet
