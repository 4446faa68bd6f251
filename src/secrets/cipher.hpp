#pragma once

#include "base/result.hpp"
#include "base/secret_bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ramet::secrets {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t nonce_size = 24;
inline constexpr std::size_t tag_size = 16;

/// XChaCha20-Poly1305 (the IETF construction of libsodium): a random nonce, then ciphertext and tag.
/// `key` has `key_size` bytes.
std::string encrypt(const SecretBytes& key, std::string_view plaintext, std::string_view associated_data);

/// The inverse. `integrity` when a bit of the text, the key or the associated data differs.
Result<SecretBytes> decrypt(const SecretBytes& key, std::string_view nonce_and_ciphertext,
                            std::string_view associated_data);

}  // namespace ramet::secrets
