#pragma once

#include "secrets/identity.hpp"
#include "secrets/key_provider.hpp"

#include <string>
#include <string_view>

namespace ramet::secrets {

/// A sealed secret, as it stands in the database. Format 1, readable for ever:
///
///     3 bytes   "RSE"
///     1 byte    format: 1
///     1 byte    k, then k bytes: id of the key-encryption key
///     2 bytes   w (big endian), then w bytes: data key, wrapped by the key provider
///     24 bytes  nonce
///     n + 16    XChaCha20-Poly1305 of the n bytes of plaintext under the data key
///
/// Each version of each secret has a random 256-bit data key of its own. `associated_data(identity)` is authenticated
/// twice: with the plaintext and with the wrapped key. A later format gets a new number; this one stays readable.
struct Envelope {
    WrappedKey key;
    std::string sealed;  ///< nonce, ciphertext, tag
};

/// `integrity` when the bytes are no envelope of a known format.
Result<Envelope> parse_envelope(std::string_view bytes);
std::string to_bytes(const Envelope& envelope);

Result<std::string> seal(KeyProvider& keys, const SecretIdentity& identity, const SecretBytes& plaintext);

/// `integrity` when anything differs from what was sealed: a bit, the identity, the key.
Result<SecretBytes> open(KeyProvider& keys, const SecretIdentity& identity, std::string_view envelope);

/// The same secret with its data key wrapped under the provider's current key: for rotation. The plaintext is never
/// decrypted.
Result<std::string> rewrap(KeyProvider& keys, const SecretIdentity& identity, std::string_view envelope);

}  // namespace ramet::secrets
