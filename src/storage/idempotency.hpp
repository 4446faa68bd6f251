#pragma once

#include "base/clock.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ramet::storage {

/// What was answered to a request with an Idempotency-Key, so that its repetition gets the same answer.
class IdempotencyKeys {
public:
    explicit IdempotencyKeys(Database& database) : database_(database) {}

    struct Reply {
        std::string request_hash;
        int status = 0;
        std::string body{};
        friend bool operator==(const Reply&, const Reply&) = default;
    };
    struct Key {
        std::string caller;
        std::string key;
    };
    /// The first answer stands: `conflict` when the key was used.
    Result<void> insert(Transaction& transaction, const Key& key, const Reply& reply, Time now);
    Result<std::optional<Reply>> find(const Key& key, Transaction* within = nullptr);
    Result<void> prune(Transaction& transaction, Time before);

private:
    Database& database_;
};

}  // namespace ramet::storage
