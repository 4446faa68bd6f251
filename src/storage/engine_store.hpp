#pragma once

#include "engine/run_store.hpp"
#include "storage/database.hpp"

namespace ramet::storage {

/// The engine's records in this database. Its batches share transactions with the writes of everybody else, each in a
/// savepoint; `Batch::extra` gets a `storage::Transaction` (see `in_store`).
class EngineStore final : public engine::RunStore {
public:
    explicit EngineStore(Database& database) : database_(database) {}

    Result<std::vector<Result<void>>> commit(std::span<const engine::Batch> batches) override;
    Result<engine::OwnerRecords> load_owner(const engine::OwnerId& owner) override;
    Result<std::vector<engine::UnfinishedOwner>> list_owners_with_unfinished_runs() override;
    Result<std::optional<engine::RunRow>> find_run(const engine::EngineRunId& id) override;
    Result<std::vector<engine::RunRow>> list_runs(const engine::OwnerId& owner, std::size_t limit) override;
    Result<std::vector<engine::JournalRecord>> load_journal(const engine::EngineRunId& run) override;
    Result<std::vector<engine::ResourceRow>> list_resources(const engine::OwnerId& owner) override;
    Result<std::optional<engine::ResourceRow>> find_resource(const std::string& kind, const std::string& name) override;
    /// Of all owners, also what is being made, changed or removed: what the daemon puts back into memory at its start.
    Result<std::vector<engine::ResourceRow>> list_present(const std::string& kind);
    Result<std::optional<engine::Receipt>> find_receipt(const engine::OwnerId& owner) override;

private:
    Database& database_;
};

}  // namespace ramet::storage
