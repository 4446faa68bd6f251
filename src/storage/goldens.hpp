#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

enum class GoldenState : std::uint8_t { making, ready, failed, removing };

/// An immutable copy of a database, from which previews branch.
struct Golden {
    GoldenId id;
    ProjectId project;
    EnvironmentId source;
    std::string database;
    std::string rules_hash{};  ///< of the masking rules; empty: unmasked
    std::string schema_hash{};
    std::string path{};
    std::int64_t bytes = 0;
    GoldenState state = GoldenState::making;
    std::string reason{};  ///< why it failed
    Time made_at{};
    friend bool operator==(const Golden&, const Golden&) = default;
};

class Goldens {
public:
    explicit Goldens(Database& database) : database_(database) {}

    Result<void> insert(Transaction& transaction, const Golden& golden);
    /// Schema hash, path, bytes, state, reason and time. `not_found`.
    Result<void> update(Transaction& transaction, const Golden& golden);
    /// `conflict` while a preview has it pinned. Repeatable.
    Result<void> remove(Transaction& transaction, const GoldenId& id);
    /// Keeps a golden copy as long as the environment lives. Repeatable. `conflict` when the golden is gone or not
    /// ready.
    Result<void> pin(Transaction& transaction, const GoldenId& id, const EnvironmentId& environment);
    Result<void> unpin(Transaction& transaction, const GoldenId& id, const EnvironmentId& environment);

    Result<Golden> get(const GoldenId& id, Transaction* within = nullptr);
    /// The newest that is ready and made under these masking rules.
    Result<std::optional<Golden>> find_newest(const EnvironmentId& source, std::string_view database,
                                              std::string_view rules_hash, Transaction* within = nullptr);
    /// Newest first.
    Result<std::vector<Golden>> list(const ProjectId& project, Transaction* within = nullptr);
    Result<std::vector<EnvironmentId>> list_pins(const GoldenId& id, Transaction* within = nullptr);
    /// Ready ones beyond the newest `keep` of their (source, database), and failed ones; never what is pinned.
    Result<std::vector<Golden>> list_removable(const ProjectId& project, int keep, Transaction* within = nullptr);

private:
    Database& database_;
};

std::string_view to_string(GoldenState state);

}  // namespace ramet::storage
