#include "base/random.hpp"

#include "base/hash.hpp"
#include "base/sodium.hpp"

#include <sodium.h>

#include <string_view>

namespace ramet {

std::uint64_t Random::below(std::uint64_t bound)
{
    // Values under `2^64 mod bound` would make the small results more likely: draw again.
    const std::uint64_t skipped = (0 - bound) % bound;
    auto value = next();
    while (value < skipped) value = next();
    return value % bound;
}

std::uint64_t SystemRandom::next()
{
    ensure_sodium();
    std::uint64_t value = 0;
    randombytes_buf(&value, sizeof value);
    return value;
}

std::string random_hex(Random& random, std::size_t bytes)
{
    std::string raw;
    while (raw.size() < bytes) {
        auto value = random.next();
        for (int i = 0; i < 8 && raw.size() < bytes; ++i, value >>= 8U) raw += static_cast<char>(value & 0xFFU);
    }
    return to_hex(raw);
}

std::string random_password(std::size_t length)
{
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    ensure_sodium();
    std::string password;
    password.reserve(length);
    while (password.size() < length) password += alphabet[randombytes_uniform(alphabet.size())];
    return password;
}

}  // namespace ramet
