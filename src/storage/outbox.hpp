#pragma once

#include "base/clock.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// A message that must reach somebody outside: a comment, a commit status, a notification.
struct OutboxMessage {
    std::int64_t id = 0;
    std::string kind;           ///< "forge.comment", "forge.status", …
    std::string target;         ///< what a newer message of this kind supersedes an older one for: "PROJECT/42"
    std::string payload;        ///< JSON text
    std::int64_t revision = 1;  ///< grows when a newer payload supersedes
    int attempts = 0;
    Time next_at{};
    std::string last_error{};
    Time posted_at{};
    friend bool operator==(const OutboxMessage&, const OutboxMessage&) = default;
};

/// Messages are written with what they tell about and sent after the fact, as often as it takes. Of one (kind,
/// target) only the newest is kept: what is said is always what holds now.
class Outbox {
public:
    explicit Outbox(Database& database) : database_(database) {}

    struct Post {
        std::string kind;
        std::string target;
        std::string payload;
        Time now{};
    };
    /// Supersedes an unsent message of the same kind and target; due at once.
    Result<void> post(Transaction& transaction, const Post& post);
    /// The message was sent. One that was superseded meanwhile stays, to be sent as well.
    Result<void> mark_sent(Transaction& transaction, const OutboxMessage& message);
    /// Sending failed; try again at `next_at`, unless it was superseded, which is due at once.
    Result<void> mark_failed(Transaction& transaction, const OutboxMessage& message, std::string_view error,
                             Time next_at);
    /// Nobody can ever get it: a repository that is gone.
    Result<void> drop(Transaction& transaction, const OutboxMessage& message)
    {
        return mark_sent(transaction, message);
    }

    /// Due at `now`, the longest due first.
    Result<std::vector<OutboxMessage>> list_due(Time now, int limit, Transaction* within = nullptr);
    /// When the next message is due; nothing when there is none.
    Result<std::optional<Time>> find_next_time(Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
