#include "base/hash.hpp"

#include "base/sodium.hpp"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <new>
#include <vector>

namespace ramet {
namespace {

const unsigned char* as_bytes(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

template <std::size_t Size>
std::string hex_of(const std::array<unsigned char, Size>& digest)
{
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

crypto_hash_sha256_state* state_in(unsigned char* storage)
{
    return std::launder(reinterpret_cast<crypto_hash_sha256_state*>(storage));
}

/// Eight bytes, the most significant first: the same on every machine.
std::string length_prefix(std::size_t length)
{
    std::string prefix(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) prefix[7 - i] = static_cast<char>((std::uint64_t{length} >> (8 * i)) & 0xFFU);
    return prefix;
}

}  // namespace

std::string sha256_hex(std::string_view bytes)
{
    Sha256 hash;
    hash.update(bytes);
    return hash.hex();
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message)
{
    ensure_sodium();
    crypto_auth_hmacsha256_state state;
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> digest{};
    crypto_auth_hmacsha256_init(&state, as_bytes(key), key.size());
    crypto_auth_hmacsha256_update(&state, as_bytes(message), message.size());
    crypto_auth_hmacsha256_final(&state, digest.data());
    sodium_memzero(&state, sizeof state);
    return hex_of(digest);
}

bool equal_constant_time(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string short_hash(std::initializer_list<std::string_view> parts, std::size_t digits)
{
    Sha256 hash;
    for (const auto part : parts) {
        hash.update(length_prefix(part.size()));
        hash.update(part);
    }
    return hash.hex().substr(0, digits);
}

std::string to_hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

std::string to_base64(std::string_view bytes)
{
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), as_bytes(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();  // libsodium counts the terminating zero.
    return text;
}

std::optional<std::string> from_base64(std::string_view text)
{
    std::string bytes(text.size(), '\0');
    std::size_t size = 0;
    // Without a place for its end libsodium takes the whole text or nothing.
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                          " \r\n", &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
        return std::nullopt;
    bytes.resize(size);
    return bytes;
}

Sha256::Sha256()
{
    static_assert(sizeof(state_) >= sizeof(crypto_hash_sha256_state));
    static_assert(alignof(crypto_hash_sha256_state) <= 8);
    ensure_sodium();
    crypto_hash_sha256_init(new (state_) crypto_hash_sha256_state);
}

void Sha256::update(std::string_view bytes)
{
    crypto_hash_sha256_update(state_in(state_), as_bytes(bytes), bytes.size());
}

std::string Sha256::hex()
{
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256_final(state_in(state_), digest.data());
    return hex_of(digest);
}

}  // namespace ramet
