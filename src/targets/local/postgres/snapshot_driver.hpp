#pragma once

#include "data/snapshot/snapshot.hpp"
#include "engine/driver.hpp"
#include "targets/local/postgres/options.hpp"

namespace ramet::targets::postgres {

/// Kind "pg.snapshot": a copy of a preview's running database at one moment, by the ladder, in a folder of its own. What was half made
/// is made anew. It goes with its environment, and a preview's data can be put back to it (`DataDriver`).
class SnapshotDriver final : public engine::Driver {
public:
    SnapshotDriver(const PostgresOptions& options, Clock& clock) : options_(options), clock_(clock) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    /// A snapshot never changes.
    Change classify_change(const Json&, const Json&) const override { return Change::keep; }

private:
    Result<data::Snapshot> ensure(const engine::Call& call, const engine::ResourceRef& ref) const;

    const PostgresOptions& options_;
    Clock& clock_;
};

}  // namespace ramet::targets::postgres
