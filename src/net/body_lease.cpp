#include "net/body_lease.hpp"

namespace ramet::net {

bool BodyMemory::take(std::size_t size)
{
    auto taken = taken_.load();
    do {
        if (size > limit_ - taken) return false;
    } while (!taken_.compare_exchange_weak(taken, taken + size));
    return true;
}

bool BodyLease::grow_to(std::size_t size)
{
    if (size <= free_size || size <= taken_) return true;
    if (!memory_->take(size - taken_)) return false;
    taken_ = size;
    return true;
}

}  // namespace ramet::net
