#include "base/secret_bytes.hpp"

#include "base/sodium.hpp"

#include <sodium.h>

#include <cstring>
#include <new>
#include <utility>

namespace ramet {
namespace {

char* guarded(std::size_t size)
{
    if (size == 0) return nullptr;
    ensure_sodium();
    auto* memory = static_cast<char*>(sodium_malloc(size));
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

SecretBytes::SecretBytes(std::string_view plaintext) : data_(guarded(plaintext.size())), size_(plaintext.size())
{
    if (size_ > 0) std::memcpy(data_, plaintext.data(), size_);
}

SecretBytes SecretBytes::random(std::size_t size)
{
    SecretBytes secret;
    secret.data_ = guarded(size);
    secret.size_ = size;
    if (size > 0) randombytes_buf(secret.data_, size);
    return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
{
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept
{
    if (this == &other) return *this;
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    return *this;
}

SecretBytes::~SecretBytes()
{
    wipe();
}

std::span<const unsigned char> SecretBytes::bytes() const
{
    return {reinterpret_cast<const unsigned char*>(data_), size_};
}

void SecretBytes::wipe()
{
    sodium_free(data_);  // Overwrites with zeros first; a null pointer is fine.
    data_ = nullptr;
    size_ = 0;
}

}  // namespace ramet
