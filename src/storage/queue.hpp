#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// Environments that wait for room, first come first served.
class CapacityQueue {
public:
    explicit CapacityQueue(Database& database) : database_(database) {}

    struct Place {
        EnvironmentId environment;
        ProjectId project;
        std::string reason;  ///< which limit holds it back, for people
        Time queued_at{};
        friend bool operator==(const Place&, const Place&) = default;
    };
    /// At the end; who stands in the queue already keeps the place and gets the new reason.
    Result<void> enqueue(Transaction& transaction, const Place& place);
    /// Repeatable.
    Result<void> remove(Transaction& transaction, const EnvironmentId& environment);
    /// The first first.
    Result<std::vector<Place>> list(Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
