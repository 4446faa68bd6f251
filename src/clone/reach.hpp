#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::clone {

/// What one protected environment owns, kept by Ramet so that previews can be held away from it.
struct Fingerprints {
    std::string environment;            ///< its name
    std::set<std::string> addresses{};  ///< "host:port", lower case
    std::set<std::string> database_names{};
    std::set<std::string> roles{};
    std::set<std::string> buckets{};
    std::set<std::string> public_hosts{};   ///< lower case
    std::set<std::string> secret_hashes{};  ///< keyed hash of each secret's value
};

enum class ReachKind : std::uint8_t { address, database_name, role, bucket, public_host, secret };

/// One thing of a protected environment that a value contains.
struct Reach {
    ReachKind kind = ReachKind::address;
    std::string environment;
    std::string what;  ///< "db.example.com:5432"; for a secret empty: its value is never shown
    friend auto operator<=>(const Reach&, const Reach&) = default;
};

struct ReachRules {
    const std::vector<Fingerprints>& protected_environments;
    /// "host:port" of what the preview itself has: inside these, names of databases and roles mean the preview's own.
    const std::set<std::string>& own_addresses;
    /// The project's keyed hash; may be empty when no hashes are known.
    std::function<std::string(std::string_view)> keyed_hash{};
};

/// What a value reaches, by its parsed URL parts (also inside of query strings, DSNs and lists) and its whole tokens. Pure.
/// Callers with the plaintext of a secret in hand use it too; the result never repeats a secret.
std::vector<Reach> find_reach(std::string_view value, const ReachRules& rules);

/// "the database name 'shop' of production", for messages.
std::string describe(const Reach& reach);

}  // namespace ramet::clone
