#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ramet {

/// Plaintext of a secret: move-only, in guarded memory that is wiped and never swapped or dumped.
/// It has no stream operator and no JSON on purpose; `reveal()` is the one door, so that uses can be found by name.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(std::string_view plaintext);
    static SecretBytes random(std::size_t size);

    SecretBytes(SecretBytes&& other) noexcept;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    SecretBytes clone() const { return SecretBytes(reveal()); }
    std::string_view reveal() const { return {data_, size_}; }
    std::span<const unsigned char> bytes() const;
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

private:
    void wipe();

    char* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace ramet
