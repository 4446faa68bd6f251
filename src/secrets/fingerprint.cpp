#include "secrets/fingerprint.hpp"

#include "base/hash.hpp"
#include "base/sodium.hpp"

#include <sodium.h>

namespace ramet::secrets {

std::string fingerprint(const SecretBytes& key, std::string_view value)
{
    ensure_sodium();
    std::string hash(crypto_generichash_BYTES, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                       reinterpret_cast<const unsigned char*>(value.data()), value.size(), key.bytes().data(),
                       key.size());
    return to_hex(hash);
}

}  // namespace ramet::secrets
