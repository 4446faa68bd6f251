#pragma once

#include "contract/run_store_leases.hpp"
#include "contract/run_store_rows.hpp"

#include "base/hash.hpp"
#include "engine/run_store.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace ramet::contract {

/// The contract of engine::RunStore, for every implementation. In a *_test.cpp:
///
///     struct SqliteFactory {
///         std::unique_ptr<engine::RunStore> make();      // a new, empty store
///         std::unique_ptr<engine::RunStore> reopen();    // the same records, as after a restart of the process; ends the old one
///     };
///     TEST_CASE("SQLite keeps the contract of the run store") { contract::check_run_store<SqliteFactory>(); }
///
/// A store that lives in memory answers `reopen` with a store on the same records.
namespace run_store {

using namespace engine;

inline void check_empty(RunStore& store)
{
    const auto records = store.load_owner(OwnerId("nobody"));
    REQUIRE(records.has_value());
    CHECK(records->lease.epoch == 0);
    CHECK(records->resources.empty());
    CHECK(records->unfinished.empty());
    CHECK(records->newest_generation == 0);
    CHECK_FALSE(store.find_run(EngineRunId("none"))->has_value());
    CHECK(store.list_runs(OwnerId("nobody"), 10)->empty());
    CHECK(store.load_journal(EngineRunId("none"))->empty());
    CHECK(store.list_resources(OwnerId("nobody"))->empty());
    CHECK_FALSE(store.find_resource("local.service", "none")->has_value());
    CHECK_FALSE(store.find_receipt(OwnerId("nobody"))->has_value());
    CHECK(store.list_owners_with_unfinished_runs()->empty());
}

inline void check_run_fields(const RunRow& got, const RunRow& want)
{
    CHECK(got.id == want.id);
    CHECK(got.owner == want.owner);
    CHECK(got.generation == want.generation);
    CHECK(got.kind == want.kind);
    CHECK(got.request == want.request);
    CHECK(got.note == want.note);
    CHECK(got.plan == want.plan);
    CHECK(got.plan_hash == want.plan_hash);
    CHECK(got.created_at == want.created_at);
    CHECK(got.status == want.status);
    CHECK(got.sequence > 0);
}

template <typename Factory>
void check_everything_is_read_back()
{
    Factory factory;
    auto store = factory.make();
    auto batch = first_batch("run-1", "env-1");
    batch.records = {record("run-1", 1), record("run-1", 2, RecordKind::ack)};
    batch.resources = {resource("env-1", "service/web"), resource("env-1", "service/api")};
    must(commit_one(*store, batch));

    store = factory.reopen();
    const auto records = store->load_owner(OwnerId("env-1"));
    REQUIRE(records.has_value());
    CHECK(records->lease == batch.lease->to);
    REQUIRE(records->resources.size() == 2);
    CHECK(records->resources[0] == batch.resources[1]);  // by path
    CHECK(records->resources[1] == batch.resources[0]);
    REQUIRE(records->unfinished.size() == 1);
    check_run_fields(records->unfinished[0], *batch.new_run);
    CHECK(records->newest_generation == 1);
    const auto run = store->find_run(EngineRunId("run-1"));
    REQUIRE(run->has_value());
    check_run_fields(**run, *batch.new_run);
    CHECK(*store->load_journal(EngineRunId("run-1")) == batch.records);
    const auto found = store->find_resource("local.service", batch.resources[0].ref.name);
    REQUIRE(found->has_value());
    CHECK(**found == batch.resources[0]);
}

inline void check_optional_columns_may_be_empty(RunStore& store)
{
    auto batch = first_batch("run-bare", "env-bare");
    batch.new_run->status = RunStatus{};
    batch.new_run->note = nullptr;
    auto row = resource("env-bare", "service/web");
    row.last_good_spec.reset();
    row.last_good_outputs.clear();
    row.changed_at.reset();
    row.depends_on.clear();
    row.ref.outputs.clear();
    row.ref.identity.clear();
    batch.resources = {row};
    must(commit_one(store, batch));
    CHECK(store.list_resources(OwnerId("env-bare"))->at(0) == row);
    check_run_fields(**store.find_run(EngineRunId("run-bare")), *batch.new_run);
}

inline void check_status_and_plan_change(RunStore& store)
{
    must(commit_one(store, first_batch("run-change", "env-change")));
    auto batch = next_batch("env-change", 1);
    RunChange change{EngineRunId("run-change")};
    change.status.state = RunState::needs_human;
    change.status.cancel = CancelRequest::requested;
    change.status.error = Error{ErrorKind::timeout, "message", "evidence", "next", "where"};
    change.status.superseded_by = EngineRunId("run-next");
    change.status.kept_until = at(7);
    change.status.ended_at = at(8);
    change.plan = json::object{{"steps", json::array{"other"}}};
    change.plan_hash = "other";
    batch.runs = {change};
    must(commit_one(store, batch));
    const auto run = store.find_run(EngineRunId("run-change"));
    CHECK((*run)->status == change.status);
    CHECK((*run)->plan == *change.plan);
    CHECK((*run)->plan_hash == "other");
    CHECK(store.load_owner(OwnerId("env-change"))->unfinished.empty());

    // Without a plan the old one stays.
    batch.runs[0].plan.reset();
    must(commit_one(store, batch));
    CHECK((*store.find_run(EngineRunId("run-change")))->plan_hash == "other");
}

inline void check_batches_stand_alone(RunStore& store)
{
    must(commit_one(store, first_batch("run-a", "env-a")));
    must(commit_one(store, first_batch("run-b", "env-b")));
    auto bad = next_batch("env-a", 7);
    bad.resources = {resource("env-a", "service/bad")};
    auto good = next_batch("env-b", 1);
    good.resources = {resource("env-b", "service/good")};
    const std::vector<Batch> batches{bad, good};
    const auto results = store.commit(batches);
    REQUIRE(results.has_value());
    CHECK_FALSE((*results)[0].has_value());
    CHECK((*results)[1].has_value());
    CHECK(store.list_resources(OwnerId("env-a"))->empty());
    CHECK(store.list_resources(OwnerId("env-b"))->size() == 1);
}

inline void check_a_refused_batch_between_others(RunStore& store)
{
    for (const std::string name : {"left", "middle", "right"}) {
        auto first = first_batch("run-" + name, "env-" + name);
        first.records = {record("run-" + name, 1)};
        must(commit_one(store, first));
    }
    auto left = next_batch("env-left", 1);
    left.records = {record("run-left", 2)};
    auto refused = next_batch("env-middle", 1);
    refused.resources = {resource("env-middle", "service/undone")};
    refused.records = {record("run-middle", 2), record("run-middle", 1)};
    auto right = next_batch("env-right", 1);
    right.records = {record("run-right", 2)};
    const std::vector<Batch> batches{left, refused, right};
    const auto results = store.commit(batches);
    REQUIRE(results.has_value());
    CHECK((*results)[0].has_value());
    CHECK((*results)[1].error().kind == ErrorKind::conflict);
    CHECK((*results)[2].has_value());
    CHECK(store.load_journal(EngineRunId("run-left"))->size() == 2);
    CHECK(store.load_journal(EngineRunId("run-middle"))->size() == 1);
    CHECK(store.load_journal(EngineRunId("run-right"))->size() == 2);
    CHECK(store.list_resources(OwnerId("env-middle"))->empty());
}

inline void check_one_call_sees_the_batches_before(RunStore& store)
{
    auto second = next_batch("env-chain", 1);
    second.records = {record("run-chain", 1)};
    const std::vector<Batch> batches{first_batch("run-chain", "env-chain"), second};
    const auto results = store.commit(batches);
    REQUIRE(results.has_value());
    CHECK((*results)[1].has_value());
    CHECK(store.load_journal(EngineRunId("run-chain"))->size() == 1);
}

inline void check_extra_write_belongs_to_its_batch(RunStore& store)
{
    int calls = 0;
    auto accepted = first_batch("run-extra", "env-extra");
    accepted.extra = [&calls](Transaction&) -> Result<void> { return ++calls, Result<void>{}; };
    must(commit_one(store, accepted));
    CHECK(calls == 1);

    auto refused = first_batch("run-refused", "env-refused");
    refused.resources = {resource("env-refused", "service/web")};
    refused.extra = [](Transaction&) -> Result<void> { return fail(ErrorKind::refused, "limit reached"); };
    const std::vector<Batch> batches{refused, first_batch("run-beside", "env-beside")};
    const auto results = store.commit(batches);
    REQUIRE(results.has_value());
    CHECK((*results)[0].error().kind == ErrorKind::refused);
    CHECK((*results)[1].has_value());
    CHECK_FALSE(store.find_run(EngineRunId("run-refused"))->has_value());
    CHECK(store.list_resources(OwnerId("env-refused"))->empty());
    CHECK(store.load_owner(OwnerId("env-refused"))->lease.epoch == 0);

    // What is refused by its epoch never reaches the extra write.
    auto late = next_batch("env-extra", 9);
    late.extra = accepted.extra;
    CHECK_FALSE(commit_one(store, late).has_value());
    CHECK(calls == 1);
}

inline void check_keys(RunStore& store)
{
    auto first = first_batch("run-key", "env-key");
    first.records = {record("run-key", 1)};
    must(commit_one(store, first));

    auto same_run = next_batch("env-key", 1);
    same_run.new_run = run_row("run-key", "env-key");
    CHECK(commit_one(store, same_run).error().kind == ErrorKind::conflict);

    auto same_record = next_batch("env-key", 1);
    same_record.records = {record("run-key", 1)};
    CHECK(commit_one(store, same_record).error().kind == ErrorKind::conflict);

    auto strange_run = next_batch("env-key", 1);
    strange_run.runs = {RunChange{EngineRunId("run-of-nobody")}};
    CHECK(commit_one(store, strange_run).error().kind == ErrorKind::integrity);

    must(commit_one(store, first_batch("run-other", "env-other")));
    auto others_run = next_batch("env-key", 1);
    others_run.runs = {RunChange{EngineRunId("run-other")}};
    CHECK(commit_one(store, others_run).error().kind == ErrorKind::integrity);
}

inline void check_which_resources_a_run_starts_from(RunStore& store)
{
    auto batch = first_batch("run-rows", "env-rows");
    auto gone_1 = resource("env-rows", "service/replaced", 1);
    gone_1.phase = Phase::gone;
    gone_1.absent_at = at(9);
    auto gone_2 = resource("env-rows", "service/removed", 1);
    gone_2.phase = Phase::gone;
    gone_2.absent_at = at(9);
    auto gone_3 = resource("env-rows", "service/removed", 2);
    gone_3.phase = Phase::gone;
    gone_3.absent_at = at(10);
    // Its replacement was taken back: the old incarnation lives, and the next one must not be number 2 again.
    auto gone_4 = resource("env-rows", "service/kept", 2);
    gone_4.phase = Phase::gone;
    gone_4.absent_at = at(11);
    batch.resources = {gone_1, resource("env-rows", "service/replaced", 2), gone_2,
                       gone_3, resource("env-rows", "service/kept", 1),     gone_4};
    must(commit_one(store, batch));
    const auto records = store.load_owner(OwnerId("env-rows"));
    REQUIRE(records->resources.size() == 4);
    CHECK(records->resources[0] == batch.resources[4]);
    CHECK(records->resources[1] == gone_4);
    CHECK(records->resources[2] == gone_3);
    CHECK(records->resources[3] == batch.resources[1]);
    CHECK(store.list_resources(OwnerId("env-rows"))->size() == 6);
}

inline void check_resource_is_replaced_by_key(RunStore& store)
{
    auto batch = first_batch("run-upsert", "env-upsert");
    batch.resources = {resource("env-upsert", "service/web")};
    must(commit_one(store, batch));
    auto again = next_batch("env-upsert", 1);
    again.resources = {batch.resources[0]};
    again.resources[0].phase = Phase::gone;
    again.resources[0].absent_at = at(44);
    again.resources[0].last_good_spec.reset();
    must(commit_one(store, again));
    REQUIRE(store.list_resources(OwnerId("env-upsert"))->size() == 1);
    CHECK(store.list_resources(OwnerId("env-upsert"))->at(0) == again.resources[0]);
}

inline void check_receipts(RunStore& store)
{
    auto batch = first_batch("run-receipt", "env-receipt");
    Receipt receipt;
    receipt.owner = OwnerId("env-receipt");
    receipt.run = EngineRunId("run-receipt");
    receipt.name = "pr-42";
    receipt.made_at = at(50);
    receipt.resources = {{"service/web", "local.service", "web-1", at(40)},
                         {"database/db", "pg.server", "db-1", at(41)}};
    receipt.hash = hash_of(receipt);
    batch.receipt = receipt;
    must(commit_one(store, batch));
    const auto found = store.find_receipt(OwnerId("env-receipt"));
    REQUIRE(found->has_value());
    CHECK(**found == receipt);

    auto later = next_batch("env-receipt", 1);
    later.new_run = run_row("run-receipt-2", "env-receipt", 2);
    later.receipt = receipt;
    later.receipt->run = EngineRunId("run-receipt-2");
    later.receipt->made_at = at(60);
    must(commit_one(store, later));
    CHECK((*store.find_receipt(OwnerId("env-receipt")))->run.str() == "run-receipt-2");
}

inline void check_all_on_one_store(RunStore& store)
{
    check_optional_columns_may_be_empty(store);
    check_status_and_plan_change(store);
    check_leases(store);
    check_batches_stand_alone(store);
    check_a_refused_batch_between_others(store);
    check_one_call_sees_the_batches_before(store);
    check_extra_write_belongs_to_its_batch(store);
    check_keys(store);
    check_which_resources_a_run_starts_from(store);
    check_resource_is_replaced_by_key(store);
    check_receipts(store);
}

}  // namespace run_store

template <typename Factory>
void check_run_store()
{
    Factory factory;
    const auto empty = factory.make();
    run_store::check_empty(*empty);
    run_store::check_everything_is_read_back<Factory>();
    Factory another;
    const auto store = another.make();
    run_store::check_all_on_one_store(*store);
}

}  // namespace ramet::contract
