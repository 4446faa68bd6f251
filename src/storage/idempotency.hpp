#pragma once

#include "base/clock.hpp"
#include "storage/transaction.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::storage {

/// Requests with an Idempotency-Key: claimed before anything is done for them, so that a repetition never does it twice, not
/// even after a crash; and what they were answered, so that a repetition gets the same answer. Kept for a day.
class IdempotencyKeys {
public:
    static constexpr auto kept_for = std::chrono::hours(24);

    /// `process` tells the claims of this process from those of others, which may be up or have ended (see `Servers`).
    explicit IdempotencyKeys(std::string process) : process_(std::move(process)) {}
    IdempotencyKeys();

    struct Key {
        std::string caller;  ///< whoever uses the same key is another caller's business
        std::string key;
    };
    struct Answer {
        int status = 0;
        std::string location{};
        std::string body{};
        friend bool operator==(const Answer&, const Answer&) = default;
    };
    enum class Standing : std::uint8_t {
        begun,        ///< by this claim: the caller goes on
        running,      ///< by an earlier one, which is not answered yet
        interrupted,  ///< by an earlier one, in a process that has ended: nobody knows how far it came
        answered
    };
    struct Claim {
        Standing standing = Standing::begun;
        std::string request_hash{};  ///< of the request that was first
        Answer answer{};
    };
    /// Whose the key is; it is ours from here on when nobody had it.
    Result<Claim> claim(Transaction& transaction, const Key& key, std::string_view request_hash, Time now);
    /// What a repetition gets.
    Result<void> answer(Transaction& transaction, const Key& key, const Answer& answer);
    /// Nothing was done: the key may be used again. Answered ones stay.
    Result<void> release(Transaction& transaction, const Key& key);

private:
    const std::string process_;
};

}  // namespace ramet::storage
