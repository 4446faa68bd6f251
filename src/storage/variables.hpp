#pragma once

#include "base/clock.hpp"
#include "domain/value.hpp"
#include "storage/database.hpp"
#include "storage/scope.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// A variable that somebody set through the API or the command line, beside what the file says.
struct StoredVariable {
    Scope scope;
    std::string key;
    DeclaredValue value;
    std::string set_by;
    Time set_at{};
    friend bool operator==(const StoredVariable&, const StoredVariable&) = default;
};

class StoredVariables {
public:
    explicit StoredVariables(Database& database) : database_(database) {}

    /// Adds or replaces. `conflict` when the project or environment of its scope is gone.
    Result<void> set(Transaction& transaction, const StoredVariable& variable);
    /// `not_found` when the scope has no such key.
    Result<void> unset(Transaction& transaction, const Scope& scope, std::string_view key);

    /// By key.
    Result<std::vector<StoredVariable>> list(const Scope& scope, Transaction* within = nullptr);
    /// All that can matter to these environments of a project (a preview and its base): the organization's, the
    /// project's, all previews', and those of the environments and their services. By key, then scope.
    Result<std::vector<StoredVariable>> list_candidates(const ProjectId& project,
                                                        const std::vector<EnvironmentId>& environments,
                                                        Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
