#pragma once

#include "domain/allocation.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

namespace ramet::testing {

/// Numbers in memory.
class MemoryAllocations final : public Allocations {
public:
    Result<int> ensure(const Request& request) override
    {
        const std::scoped_lock lock(mutex_);
        const auto key = fmt::format("{}|{}|{}", request.kind, request.owner, request.path);
        if (const auto at = held_.find(key); at != held_.end()) return at->second;
        // From a place of this process's own: several test programs may run at the same time.
        const std::int64_t count = std::int64_t{request.last} - request.first + 1;
        for (int step = 0; step < count; ++step) {
            const int number = static_cast<int>(request.first + (std::int64_t{::getpid()} * 1'000 + step) % count);
            const bool is_taken = std::ranges::any_of(
                held_, [&](const auto& held) { return held.second == number && held.first.starts_with(request.kind); });
            if (is_taken || (request.is_usable && !TRY(request.is_usable(number)))) continue;
            return held_[key] = number;
        }
        return fail(ErrorKind::unavailable, "no {} is left", request.kind);
    }
    Result<void> release(std::string_view kind, std::string_view owner, std::string_view path) override
    {
        const std::scoped_lock lock(mutex_);
        held_.erase(fmt::format("{}|{}|{}", kind, owner, path));
        return {};
    }
    std::size_t size() const { return held_.size(); }

private:
    std::mutex mutex_;
    std::map<std::string, int> held_;
};

}  // namespace ramet::testing
