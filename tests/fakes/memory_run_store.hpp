#pragma once

#include "engine/run_store.hpp"

#include <map>
#include <mutex>

namespace ramet::fakes {

/// Keeps the engine's records in memory with the same conditions as a database. It outlives engines, so that a test can
/// end one and start the next on the same records.
class MemoryRunStore final : public engine::RunStore {
public:
    class MemoryTransaction final : public engine::Transaction {};

    Result<std::vector<Result<void>>> commit(std::span<const engine::Batch> batches) override;
    Result<engine::OwnerRecords> load_owner(const engine::OwnerId& owner) override;
    Result<std::vector<engine::UnfinishedOwner>> list_owners_with_unfinished_runs() override;
    Result<std::optional<engine::RunRow>> find_run(const engine::EngineRunId& id) override;
    Result<std::vector<engine::RunRow>> list_runs(const engine::OwnerId& owner, std::size_t limit) override;
    Result<std::vector<engine::JournalRecord>> load_journal(const engine::EngineRunId& run) override;
    Result<std::vector<engine::ResourceRow>> list_resources(const engine::OwnerId& owner) override;
    Result<std::optional<engine::ResourceRow>> find_resource(const std::string& kind, const std::string& name) override;
    Result<std::optional<engine::Receipt>> find_receipt(const engine::OwnerId& owner) override;

    /// How many transactions were committed.
    int commits() const;
    /// The next `count` transactions fail as a whole.
    void fail_commits(int count, Error error);

private:
    using ResourceKey = std::pair<engine::ResourceId, std::int64_t>;

    Result<void> check(const engine::Batch& batch) const;
    Result<void> check_runs(const engine::Batch& batch) const;
    Result<void> check_journal(const engine::Batch& batch) const;
    Result<void> check_cancels(const engine::Batch& batch) const;
    engine::Lease lease_of(const engine::OwnerId& owner) const;
    void write(const engine::Batch& batch);
    void write_run(engine::RunRow row);

    mutable std::mutex mutex_;
    int commits_ = 0;
    int failures_left_ = 0;
    Error failure_{};
    std::int64_t last_sequence_ = 0;
    std::map<engine::OwnerId, engine::Lease> leases_;
    std::map<engine::EngineRunId, engine::RunRow> runs_;
    std::map<engine::OwnerId, std::vector<engine::EngineRunId>> runs_of_;
    std::map<engine::EngineRunId, std::vector<engine::JournalRecord>> journals_;
    std::map<ResourceKey, engine::ResourceRow> resources_;
    std::map<engine::OwnerId, std::vector<ResourceKey>> resources_of_;
    std::map<engine::OwnerId, engine::Receipt> receipts_;
};

}  // namespace ramet::fakes
