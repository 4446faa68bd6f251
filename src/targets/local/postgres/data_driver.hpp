#pragma once

#include "data/golden/catalog.hpp"
#include "engine/driver.hpp"
#include "targets/local/postgres/options.hpp"
#include "targets/local/postgres/template.hpp"

namespace ramet::targets::postgres {

/// Kind "pg.data": a data directory that belongs to a user id of its own, cloned from a golden copy, a snapshot or
/// a template.
class DataDriver final : public engine::Driver {
public:
    DataDriver(const PostgresOptions& options, Clock& clock)
        : options_(options), clock_(clock), templates_(options), goldens_(options.store)
    {
    }

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    /// Another golden or strategy takes effect with the next incarnation: data is never replaced by a push.
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    struct Source {
        Path directory;
        std::string golden{};  ///< empty: a snapshot or a template
        Time made_at{};
    };
    /// Nothing while a template is being made.
    Result<std::optional<Source>> find_source(const engine::ResourceRef& ref) const;
    Result<Source> find_golden(const engine::ResourceRef& ref) const;
    Result<Source> find_snapshot(const engine::ResourceRef& ref) const;
    /// Nothing while there is no source yet.
    Result<std::optional<engine::Outputs>> ensure_copy(const engine::Call& call, const engine::ResourceRef& ref) const;
    Result<engine::Outputs> make_copy(const engine::Call& call, const engine::ResourceRef& ref,
                                      const Source& source) const;

    const PostgresOptions& options_;
    Clock& clock_;
    Templates templates_;
    data::GoldenCatalog goldens_;
};

}  // namespace ramet::targets::postgres
