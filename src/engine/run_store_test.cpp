#include "contract/run_store_contract.hpp"
#include "fakes/memory_run_store.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

/// Passes everything on, so that a "restart" keeps the records.
class SharedStore final : public RunStore {
public:
    explicit SharedStore(RunStore& store) : store_(store) {}
    Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) override { return store_.commit(batches); }
    Result<OwnerRecords> load_owner(const OwnerId& owner) override { return store_.load_owner(owner); }
    Result<std::vector<OwnerId>> list_owners_with_unfinished_runs() override
    {
        return store_.list_owners_with_unfinished_runs();
    }
    Result<std::optional<RunRow>> find_run(const EngineRunId& id) override { return store_.find_run(id); }
    Result<std::vector<RunRow>> list_runs(const OwnerId& owner, std::size_t limit) override
    {
        return store_.list_runs(owner, limit);
    }
    Result<std::vector<JournalRecord>> load_journal(const EngineRunId& run) override
    {
        return store_.load_journal(run);
    }
    Result<std::vector<ResourceRow>> list_resources(const OwnerId& owner) override
    {
        return store_.list_resources(owner);
    }
    Result<std::optional<ResourceRow>> find_resource(const std::string& kind, const std::string& name) override
    {
        return store_.find_resource(kind, name);
    }
    Result<std::optional<Receipt>> find_receipt(const OwnerId& owner) override { return store_.find_receipt(owner); }

private:
    RunStore& store_;
};

struct MemoryFactory {
    fakes::MemoryRunStore records;
    std::unique_ptr<RunStore> make() { return std::make_unique<SharedStore>(records); }
    std::unique_ptr<RunStore> reopen() { return std::make_unique<SharedStore>(records); }
};

TEST_CASE("the store in memory keeps the contract of the run store")
{
    contract::check_run_store<MemoryFactory>();
}

TEST_CASE("a changed field of a journal record changes its hash")
{
    auto record = contract::run_store::record("run", 1);
    const auto hash = hash_of(record);
    CHECK(hash.size() == 64);
    record.attempt = 2;
    CHECK(hash_of(record) != hash);
}

TEST_CASE("every word that is written is read back")
{
    for (int kind = 0; kind <= static_cast<int>(RecordKind::tombstone); ++kind)
        CHECK(*parse_record_kind(to_string(static_cast<RecordKind>(kind))) == static_cast<RecordKind>(kind));
    for (int state = 0; state <= static_cast<int>(RunState::kept); ++state)
        CHECK(*parse_run_state(to_string(static_cast<RunState>(state))) == static_cast<RunState>(state));
    for (int kind = 0; kind <= static_cast<int>(RunKind::rotate); ++kind)
        CHECK(*parse_run_kind(to_string(static_cast<RunKind>(kind))) == static_cast<RunKind>(kind));
    for (int phase = 0; phase <= static_cast<int>(Phase::gone); ++phase)
        CHECK(*parse_phase(to_string(static_cast<Phase>(phase))) == static_cast<Phase>(phase));
    CHECK(parse_phase("nonsense").error().kind == ErrorKind::integrity);
}

}  // namespace
}  // namespace ramet::engine
