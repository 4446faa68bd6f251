#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ramet::clone {

/// An address found in a value: of a URL, of "host:port/path" or of a DSN ("host=… dbname=…").
struct AddressParts {
    std::string scheme{};  ///< lower case
    std::string user{};
    std::string password{};
    std::string host{};  ///< lower case, without brackets
    std::string port{};  ///< the scheme's own when unsaid; may be empty
    std::vector<std::string> path{};
    std::string query{};
};

/// The whole tokens of a value: what stands between blanks, commas, quotes and the like; each also without "key=".
std::vector<std::string> tokens_of(std::string_view value);

/// The address in a token, or nothing in `host` when it is none.
AddressParts parse_address(std::string_view token);

/// The address of a DSN of libpq ("host=a port=5432 dbname=b user=c"); nothing in `host` when the value is none.
AddressParts parse_dsn(std::string_view value);

std::string percent_decoded(std::string_view text);

}  // namespace ramet::clone
