#pragma once

#include "base/clock.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

/// An artefact in the build cache, named by the content that it was built from.
struct CachedBuild {
    std::string input_hash;
    std::string artefact;  ///< path
    std::int64_t bytes = 0;
    Time made_at{};
    Time last_used{};
    friend bool operator==(const CachedBuild&, const CachedBuild&) = default;
};

class Builds {
public:
    explicit Builds(Database& database) : database_(database) {}

    /// Replaces.
    Result<void> put(Transaction& transaction, const CachedBuild& build);
    Result<void> set_last_used(Transaction& transaction, std::string_view input_hash, Time now);
    /// Repeatable.
    Result<void> remove(Transaction& transaction, std::string_view input_hash);

    Result<std::optional<CachedBuild>> find(std::string_view input_hash, Transaction* within = nullptr);
    /// Least recently used first.
    Result<std::vector<CachedBuild>> list(Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
