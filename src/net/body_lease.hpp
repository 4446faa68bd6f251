#pragma once
// Private to the server.

#include <atomic>
#include <cstddef>
#include <memory>

namespace ramet::net {

/// What all bodies of a server may take together. Thread-safe.
class BodyMemory {
public:
    explicit BodyMemory(std::size_t limit) : limit_(limit) {}

    bool take(std::size_t size);
    void give_back(std::size_t size) { taken_.fetch_sub(size); }
    std::size_t taken() const { return taken_.load(); }

private:
    std::size_t limit_;
    std::atomic<std::size_t> taken_ = 0;
};

/// One body's part of it, from its first bytes until its request is answered.
class BodyLease {
public:
    /// Bodies up to this size are always taken, so that a flood of large ones does not keep small requests out.
    static constexpr std::size_t free_size = 64U << 10U;

    explicit BodyLease(std::shared_ptr<BodyMemory> memory) : memory_(std::move(memory)) {}
    ~BodyLease() { memory_->give_back(taken_); }
    BodyLease(const BodyLease&) = delete;
    BodyLease& operator=(const BodyLease&) = delete;

    /// False when there is no room for a body of this size.
    bool grow_to(std::size_t size);

private:
    std::shared_ptr<BodyMemory> memory_;
    std::size_t taken_ = 0;
};

}  // namespace ramet::net
