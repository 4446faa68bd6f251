#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ramet {

/// Injected source of randomness: the engine's jitter and nonces are replayable in simulation.
class Random {
public:
    virtual ~Random() = default;
    /// Uniform over all 64-bit values.
    virtual std::uint64_t next() = 0;

    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
};

/// The operating system's generator (libsodium): fit for tokens and keys.
class SystemRandom final : public Random {
public:
    std::uint64_t next() override;
};

/// `bytes` random bytes of `random` as lower-case hexadecimal digits (2 per byte).
std::string random_hex(Random& random, std::size_t bytes);
/// `length` characters of [A-Za-z0-9] from the operating system's generator: for passwords and generated values.
std::string random_password(std::size_t length);

}  // namespace ramet
