#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/value.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ramet::storage {

/// Values that `generate:` made, once per environment and place, so that they stay the same from one generation to
/// the next.
class GeneratedValues {
public:
    /// The text itself, or where it is sealed.
    using Content = std::variant<std::string, SecretReference>;

    explicit GeneratedValues(Database& database) : database_(database) {}

    /// `path` says which declaration it is for ("vars.SESSION_KEY", "services.api.env.X"). Replaces.
    Result<void> set(Transaction& transaction, const EnvironmentId& environment, std::string_view path,
                     const Content& content, Time now);
    Result<std::optional<Content>> find(const EnvironmentId& environment, std::string_view path,
                                        Transaction* within = nullptr);

private:
    Database& database_;
};

}  // namespace ramet::storage
