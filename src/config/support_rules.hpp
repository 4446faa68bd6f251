#pragma once

#include "config/support.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace ramet::config {

enum class Outcome : std::uint8_t { refused, not_applied };

/// What a target does with a key that it does not serve. What no rule names is served.
struct SupportRule {
    std::string_view pattern;
    Outcome outcome;
    Outcome outcome_here;  ///< under `--target here`, which only a local target knows
    std::string_view reason;
    /// Whether this use of the key is concerned; null: every use. `name` is what the pattern's first star stands for.
    bool (*concerns)(const ProjectFile& file, const std::string& name) = nullptr;
    std::string_view condition{};  ///< the same in words, for the table
};

std::span<const SupportRule> local_rules();
std::span<const SupportRule> kubernetes_rules();

// What rules of more than one target are concerned with.
bool is_scheduled(const ProjectFile& file, const std::string& job);
bool is_managed(const ProjectFile& file, const std::string& database);
bool is_other_database(const ProjectFile& file, const std::string& database);
bool asks_who(const ProjectFile& file, const std::string&);

/// "services.*.volumes" matches "services.api.volumes".
bool matches_pattern(std::string_view pattern, std::string_view path);

}  // namespace ramet::config
