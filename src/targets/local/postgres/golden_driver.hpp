#pragma once

#include "data/golden/catalog.hpp"
#include "engine/driver.hpp"
#include "targets/local/postgres/options.hpp"
#include "targets/local/postgres/server_program.hpp"

namespace ramet::targets::postgres {

/// Kind "golden.copy": made from a running base by pg_basebackup, brought to a clean stop, and scrubbed of all that could act
/// outside or open it. Each `await` takes it one step on; what a step has reached is in files and in shims, so that it goes on
/// after any crash. Unmasked: only from bases that are not protected, which the caller has checked.
class GoldenDriver final : public engine::Driver {
public:
    GoldenDriver(const PostgresOptions& options, Clock& clock)
        : options_(options), clock_(clock), goldens_(options.store)
    {
    }

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    /// `conflict` while a preview has it pinned.
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    /// A golden never changes.
    Change classify_change(const Json&, const Json&) const override { return Change::keep; }

private:
    const PostgresOptions& options_;
    Clock& clock_;
    data::GoldenCatalog goldens_;
};

}  // namespace ramet::targets::postgres
