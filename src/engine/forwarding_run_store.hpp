#pragma once

#include "engine/run_store.hpp"

namespace ramet::engine {

/// Passes everything on to another store, which must outlive it: for what stands between an engine and its records.
class ForwardingRunStore : public RunStore {
public:
    explicit ForwardingRunStore(RunStore& inner) : inner_(inner) {}

    Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) override { return inner_.commit(batches); }
    Result<OwnerRecords> load_owner(const OwnerId& owner) override { return inner_.load_owner(owner); }
    Result<std::vector<UnfinishedOwner>> list_owners_with_unfinished_runs() override
    {
        return inner_.list_owners_with_unfinished_runs();
    }
    Result<std::optional<RunRow>> find_run(const EngineRunId& id) override { return inner_.find_run(id); }
    Result<std::vector<RunRow>> list_runs(const OwnerId& owner, std::size_t limit) override
    {
        return inner_.list_runs(owner, limit);
    }
    Result<std::vector<JournalRecord>> load_journal(const EngineRunId& run) override
    {
        return inner_.load_journal(run);
    }
    Result<std::vector<ResourceRow>> list_resources(const OwnerId& owner) override
    {
        return inner_.list_resources(owner);
    }
    Result<std::optional<ResourceRow>> find_resource(const std::string& kind, const std::string& name) override
    {
        return inner_.find_resource(kind, name);
    }
    Result<std::optional<Receipt>> find_receipt(const OwnerId& owner) override { return inner_.find_receipt(owner); }

private:
    RunStore& inner_;
};

}  // namespace ramet::engine
