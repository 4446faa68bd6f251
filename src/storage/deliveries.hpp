#pragma once

#include "base/clock.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

enum class DeliveryState : std::uint8_t { stored, processed, failed, ignored };

/// A webhook's delivery, kept as it came.
struct StoredDelivery {
    std::int64_t id = 0;  ///< given by the store
    std::string forge;
    std::string connection;
    std::string delivery_id{};  ///< the forge's; unique per connection unless empty
    std::string event{};
    std::map<std::string, std::string> headers{};
    std::string body{};
    Time received_at{};
    DeliveryState state = DeliveryState::stored;
    std::string reason{};
    std::optional<Time> processed_at{};
    friend bool operator==(const StoredDelivery&, const StoredDelivery&) = default;
};

class Deliveries {
public:
    struct Stored {
        std::int64_t id = 0;
        enum class What : std::uint8_t { stored, duplicate } what = What::stored;
    };

    explicit Deliveries(Database& database) : database_(database) {}

    /// The same delivery of one connection a second time is a `duplicate`, with the id of the first.
    Result<Stored> insert(Transaction& transaction, const StoredDelivery& delivery);
    Result<void> set_state(Transaction& transaction, std::int64_t id, DeliveryState state, std::string_view reason,
                           Time now);
    /// Back to `stored`, to be processed once more.
    Result<void> redeliver(Transaction& transaction, std::int64_t id);
    /// Drops those that were received before `before` and are not waiting; returns how many.
    Result<std::int64_t> prune(Transaction& transaction, Time before);

    Result<StoredDelivery> get(std::int64_t id, Transaction* within = nullptr);
    /// Those that wait for processing, oldest first.
    Result<std::vector<StoredDelivery>> list_waiting(int limit, Transaction* within = nullptr);
    /// Newest first, without headers and bodies; of every connection when `connection` is empty.
    Result<std::vector<StoredDelivery>> list(std::string_view connection, int limit, Transaction* within = nullptr);

private:
    Database& database_;
};

std::string_view to_string(DeliveryState state);

}  // namespace ramet::storage
