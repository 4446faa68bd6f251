#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace ramet {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
/// HMAC-SHA-256 as 64 lower-case hexadecimal digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);
/// Compares without telling where the difference is; lengths are not secret.
bool equal_constant_time(std::string_view a, std::string_view b);
/// The first `digits` hexadecimal digits of SHA-256 over the parts, each length-prefixed, so that ("ab","c") ≠ ("a","bc").
std::string short_hash(std::initializer_list<std::string_view> parts, std::size_t digits = 16);

std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);
/// The inverse; line breaks and spaces do not count. Nothing when it is not base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);

/// Hash over many pieces that need not be in memory at once.
class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    /// Ends the hash; call once.
    std::string hex();

private:
    alignas(8) unsigned char state_[104];
};

}  // namespace ramet
