#pragma once

#include "base/result.hpp"
#include "base/secret_bytes.hpp"

#include <string>
#include <string_view>

namespace ramet::secrets {

/// A data key as it is stored: encrypted under the key-encryption key that `key_id` names.
struct WrappedKey {
    std::string key_id;  ///< 1 to 255 bytes
    std::string bytes;   ///< opaque to everybody but the provider; 1 to 65535 bytes
    friend bool operator==(const WrappedKey&, const WrappedKey&) = default;
};

/// Keeper of the key-encryption keys, which never stand in the database: a file here; a cloud's key service or a
/// vault behind the same port. Called from many threads.
class KeyProvider {
public:
    virtual ~KeyProvider() = default;

    /// Under which key `wrap` works now; data keys wrapped under another one are due for re-wrapping.
    virtual std::string current_key_id() const = 0;

    /// Wraps under the current key. `context` is authenticated and must be the same when unwrapping.
    virtual Result<WrappedKey> wrap(const SecretBytes& data_key, std::string_view context) = 0;

    /// `not_found` when the key is not held any more, `integrity` when bytes, key or context are not those of `wrap`,
    /// `unavailable` when a remote provider does not answer.
    virtual Result<SecretBytes> unwrap(const WrappedKey& wrapped, std::string_view context) = 0;
};

}  // namespace ramet::secrets
