#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ramet::storage {

/// What the installation is called by its marks at providers; made once, never changed.
struct Installation {
    std::string id;
    Time created_at{};
};

/// Single values of the installation.
class Settings {
public:
    explicit Settings(Database& database) : database_(database) {}

    /// The one that is stored, or a new one at the first start.
    Result<Installation> ensure_installation(Random& random, Time now);

    Result<std::optional<std::string>> find(std::string_view key, Transaction* within = nullptr);
    Result<void> set(Transaction& transaction, std::string_view key, std::string_view value);

private:
    Database& database_;
};

}  // namespace ramet::storage
