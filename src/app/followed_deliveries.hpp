#pragma once

#include "storage/deliveries.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace ramet::app {

/// Deliveries whose hints were followed as they came; that is still to be written down. Many are written with one commit: nobody
/// waits for it, and whoever sends hundreds in a second would wait for these commits behind their own. Those that are forgotten
/// with a server that dies are followed once more. Thread-safe.
class FollowedDeliveries {
public:
    struct Followed {
        std::int64_t id = 0;
        storage::DeliveryState state = storage::DeliveryState::processed;
        std::string reason{};
    };

    void add(Followed followed);
    std::vector<Followed> take();

private:
    std::mutex mutex_;
    std::vector<Followed> waiting_;
};

}  // namespace ramet::app
