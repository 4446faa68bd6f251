#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// An access token as it is stored: its text is known to its owner alone.
struct Token {
    std::string id;
    std::string name;
    std::string sha256;    ///< of the whole text, 64 hexadecimal digits
    std::string prefix{};  ///< the first characters, for people
    std::string role;
    ProjectId project{};  ///< empty: the whole organization
    std::string created_by{};
    Time created_at{};
    std::optional<Time> expires_at{};
    std::optional<Time> last_used_at{};
    std::optional<Time> revoked_at{};
    friend bool operator==(const Token&, const Token&) = default;
};

class Tokens {
public:
    explicit Tokens(Database& database) : database_(database) {}

    Result<void> insert(Transaction& transaction, const Token& token);
    /// Repeatable; the first time stands. `not_found`.
    Result<void> revoke(Transaction& transaction, std::string_view id, Time now);
    Result<void> set_last_used(Transaction& transaction, std::string_view id, Time now);

    /// Neither revoked nor expired at `now`.
    Result<std::optional<Token>> find_valid(std::string_view sha256, Time now, Transaction* within = nullptr);
    Result<Token> get(std::string_view id, Transaction* within = nullptr);
    /// All that are not revoked, oldest first; only those of `project` unless it is empty.
    Result<std::vector<Token>> list(const ProjectId& project, Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
