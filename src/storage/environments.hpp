#pragma once

#include "domain/environment.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// Environments that are alive, and the names of those that were. Reads see a transaction's own writes when it is
/// given.
///
/// The whole row is written with a comparison of its generation (`update`); what changes beside that (state, expiry,
/// …) has functions that touch one matter each, so that two writers never undo one another.
class Environments {
public:
    explicit Environments(Database& database) : database_(database) {}

    /// `conflict` when the project has an environment of that name or of that pull request.
    Result<void> insert(Transaction& transaction, const Environment& environment);
    /// Writes the row when its desired generation is still `expected_generation`; `conflict` otherwise, `not_found`
    /// when it is gone.
    Result<void> update(Transaction& transaction, const Environment& environment, std::int64_t expected_generation);

    Result<void> set_state(Transaction& transaction, const EnvironmentId& id, EnvironmentState state,
                           std::string_view reason, Time now);
    /// Never goes back.
    Result<void> set_observed_generation(Transaction& transaction, const EnvironmentId& id, std::int64_t generation,
                                         Time now);
    Result<void> set_last_run(Transaction& transaction, const EnvironmentId& id, const RunId& run, Time now);
    Result<void> set_expiry(Transaction& transaction, const EnvironmentId& id, std::optional<Time> expires_at,
                            Time now);
    enum class Pin : std::uint8_t { pinned, unpinned };
    Result<void> set_pinned(Transaction& transaction, const EnvironmentId& id, Pin pin, Time now);
    /// The resolved environment as JSON, and what the plan had to say about it.
    struct Desired {
        std::string text{};
        std::string notes{};
        friend bool operator==(const Desired&, const Desired&) = default;
    };
    Result<void> set_desired(Transaction& transaction, const EnvironmentId& id, const Desired& desired);

    /// Takes the row, its variables, generated values, secrets, hosts, queue place and golden pins away and keeps its
    /// name for receipts. `conflict` while others have it as their base. Repeatable.
    Result<void> remove(Transaction& transaction, const EnvironmentId& id, Time now);

    Result<Environment> get(const EnvironmentId& id, Transaction* within = nullptr);
    Result<std::optional<Environment>> find(const EnvironmentId& id, Transaction* within = nullptr);
    Result<std::optional<Environment>> find_by_name(const ProjectId& project, std::string_view name,
                                                    Transaction* within = nullptr);
    Result<std::optional<Environment>> find_by_pull_request(const ProjectId& project, std::int64_t number,
                                                            Transaction* within = nullptr);
    Result<Desired> get_desired(const EnvironmentId& id, Transaction* within = nullptr);
    /// By name.
    Result<std::vector<Environment>> list(const ProjectId& project, Transaction* within = nullptr);
    /// All projects', by project and name.
    Result<std::vector<Environment>> list_all(Transaction* within = nullptr);
    Result<std::vector<Environment>> list_previews_of(const EnvironmentId& base, Transaction* within = nullptr);
    /// Not pinned, and their time is over.
    Result<std::vector<Environment>> list_expired(Time now, Transaction* within = nullptr);

    /// The newest environment of that name that was removed.
    Result<std::optional<EnvironmentId>> find_past(const ProjectId& project, std::string_view name,
                                                   Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
