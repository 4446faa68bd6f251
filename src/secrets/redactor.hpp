#pragma once

#include "base/secret_bytes.hpp"
#include "secrets/matcher.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::secrets {

/// What stands where a secret stood. Shorter than any secret that is looked for, so that it cannot be one.
inline constexpr std::string_view redacted_mark = "***";

/// The values that must not appear in logs, errors or events, in any of their `forms_of`. Thread-safe.
///
/// It holds the values outside guarded memory, as matching needs them; core dumps are off for that reason too.
class Redactor {
public:
    Redactor();

    /// Repeatable; each `add` needs its own `remove`. Values shorter than `shortest_redacted` are ignored. A removed
    /// value may stay hidden for a while: forgetting is done in bulk.
    void add(const SecretBytes& value);
    void remove(const SecretBytes& value);

    /// The text with every registered secret replaced by `redacted_mark`.
    std::string redact(std::string_view text) const;

    /// The automata for all values that were registered up to now. Cheap unless values changed since the last call.
    using Matchers = std::vector<std::shared_ptr<const Matcher>>;
    std::shared_ptr<const Matchers> snapshot() const;
    /// Grows with each change.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

private:
    void rebuild() const;

    // Building costs time in proportion to all values; so new ones go into a small automaton of their own at first.
    mutable std::mutex mutex_;
    std::map<std::string, int, std::less<>> counts_;
    mutable std::vector<std::string> recent_;
    mutable std::size_t removed_ = 0;  ///< values that the large automaton still knows
    mutable std::size_t settled_ = 0;  ///< values that it was built of
    mutable bool is_stale_ = false;
    mutable std::shared_ptr<const Matcher> large_;
    mutable std::shared_ptr<const Matchers> matchers_;
    std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace ramet::secrets
