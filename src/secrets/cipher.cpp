#include "secrets/cipher.hpp"

#include "base/sodium.hpp"

#include <sodium.h>

namespace ramet::secrets {
namespace {

static_assert(key_size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(nonce_size == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(tag_size == crypto_aead_xchacha20poly1305_ietf_ABYTES);

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string encrypt(const SecretBytes& key, std::string_view plaintext, std::string_view associated_data)
{
    ensure_sodium();
    std::string out(nonce_size + plaintext.size() + tag_size, '\0');
    auto* nonce = reinterpret_cast<unsigned char*>(out.data());
    randombytes_buf(nonce, nonce_size);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + nonce_size, nullptr, bytes_of(plaintext), plaintext.size(),
                                               bytes_of(associated_data), associated_data.size(), nullptr, nonce,
                                               key.bytes().data());
    return out;
}

Result<SecretBytes> decrypt(const SecretBytes& key, std::string_view nonce_and_ciphertext,
                            std::string_view associated_data)
{
    ensure_sodium();
    if (key.size() != key_size || nonce_and_ciphertext.size() < nonce_size + tag_size)
        return fail(ErrorKind::integrity, "a sealed text is shorter than a seal can be");
    const auto ciphertext = nonce_and_ciphertext.substr(nonce_size);
    auto plaintext = SecretBytes(std::string(ciphertext.size() - tag_size, '\0'));
    // The one place that writes into guarded memory after it was made; its size is exactly the plaintext's.
    auto* out = const_cast<unsigned char*>(plaintext.bytes().data());
    const int status = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, nullptr, nullptr, bytes_of(ciphertext), ciphertext.size(), bytes_of(associated_data),
        associated_data.size(), bytes_of(nonce_and_ciphertext), key.bytes().data());
    if (status != 0)
        return fail(ErrorKind::integrity, "a seal does not open: text, key or identity are not those it was made with");
    return plaintext;
}

}  // namespace ramet::secrets
