#pragma once

#include "targets/local/postgres/options.hpp"

#include <optional>

namespace ramet::targets::postgres {

/// Freshly initialised data directories, one per version, made once: so that an empty database is as quick as a clone.
/// A template belongs to the installation, not to an environment; it goes with the store.
class Templates {
public:
    explicit Templates(const PostgresOptions& options) : options_(options) {}

    /// The directory to clone, or nothing while initdb runs: ask again. Never blocks. A failed attempt is the error once, and
    /// the next call begins anew.
    Result<std::optional<Path>> advance(const std::string& version) const;

private:
    Path folder(const std::string& version) const { return options_.store.templates() / version; }
    Result<std::optional<Path>> make(const std::string& version) const;
    Result<void> prepare(const std::string& version, const data::Owner& user) const;
    Result<Path> finish(const std::string& version) const;

    const PostgresOptions& options_;
};

}  // namespace ramet::targets::postgres
