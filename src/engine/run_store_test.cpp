#include "contract/run_store_contract.hpp"
#include "engine/forwarding_run_store.hpp"
#include "fakes/memory_run_store.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

/// A "restart" keeps the records.
struct MemoryFactory {
    fakes::MemoryRunStore records;
    std::unique_ptr<RunStore> make() { return std::make_unique<ForwardingRunStore>(records); }
    std::unique_ptr<RunStore> reopen() { return std::make_unique<ForwardingRunStore>(records); }
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
    for (int kind = 0; kind <= static_cast<int>(RunKind::sweep); ++kind)
        CHECK(*parse_run_kind(to_string(static_cast<RunKind>(kind))) == static_cast<RunKind>(kind));
    for (int phase = 0; phase <= static_cast<int>(Phase::gone); ++phase)
        CHECK(*parse_phase(to_string(static_cast<Phase>(phase))) == static_cast<Phase>(phase));
    CHECK(parse_phase("nonsense").error().kind == ErrorKind::integrity);
}

}  // namespace
}  // namespace ramet::engine
