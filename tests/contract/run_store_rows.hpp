#pragma once

#include "base/hash.hpp"
#include "engine/run_store.hpp"
#include <doctest/doctest.h>
#include <memory>
#include <string>

namespace ramet::contract::run_store {

// Rows and batches with every column filled, for the contract of the run store.

using namespace engine;

inline Time at(int milliseconds)
{
    return Time{Milliseconds{1'700'000'000'000 + milliseconds}};
}

inline RunRow run_row(const std::string& id, const std::string& owner, std::int64_t generation = 1)
{
    RunRow row;
    row.id = EngineRunId(id);
    row.owner = OwnerId(owner);
    row.generation = generation;
    row.request = json::object{{"graph", json::array{}}};
    row.note = json::object{{"who", "me"}};
    row.plan = json::object{{"steps", json::array{}}};
    row.plan_hash = "plan-hash";
    row.created_at = at(5);
    row.status.state = RunState::running;
    row.status.deadline = at(900'000);
    return row;
}

/// The first batch of an owner: takes the lease and adds a run.
inline Batch first_batch(const std::string& run, const std::string& owner, std::int64_t from_epoch = 0)
{
    Batch batch;
    batch.owner = OwnerId(owner);
    batch.epoch = from_epoch + 1;
    batch.lease = LeaseChange{from_epoch, Lease{OwnerId(owner), "holder-a", from_epoch + 1, at(1000)}};
    batch.new_run = run_row(run, owner);
    return batch;
}

inline Batch next_batch(const std::string& owner, std::int64_t epoch)
{
    Batch batch;
    batch.owner = OwnerId(owner);
    batch.epoch = epoch;
    return batch;
}

inline JournalRecord record(const std::string& run, std::int64_t seq, RecordKind kind = RecordKind::intent)
{
    JournalRecord record;
    record.run = EngineRunId(run);
    record.seq = seq;
    record.step = "service/web";
    record.attempt = 1;
    record.epoch = 1;
    record.kind = kind;
    record.token = "token";
    record.request_hash = "request";
    record.external_id = "external";
    record.outcome = json::object{{"outputs", json::object{{"port", "8080"}}}};
    record.at = at(static_cast<int>(seq));
    record.prev_hash = seq == 1 ? "" : "before";
    return record;
}

inline ResourceRow resource(const std::string& owner, const std::string& path, std::int64_t incarnation = 1)
{
    ResourceRow row;
    row.ref.id = ResourceId(short_hash({owner, path}));
    row.ref.path = path;
    row.ref.kind = "local.service";
    row.ref.name = short_hash({owner, path, std::to_string(incarnation)});
    row.ref.incarnation = incarnation;
    row.ref.mark = OwnerMark{"install", OwnerId(owner), "nonce"};
    row.ref.external_id = "external";
    row.ref.identity = "identity";
    row.ref.spec =
        json::object{{"image", "a"}, {"quote", "it's \"quoted\" \u00e9"}, {"list", json::array{1, 2.5, nullptr, true}}};
    row.ref.outputs = {{"port", "8080"}, {"url", "http://x"}};
    row.phase = Phase::live;
    row.spec_hash = "hash";
    row.depends_on = {"database/db"};
    row.last_good_spec = json::object{{"image", "b"}};
    row.last_good_outputs = {{"port", "8079"}};
    row.intent_at = at(1);
    row.changed_at = at(2);
    return row;
}

/// The result of one batch on its own.
inline Result<void> commit_one(RunStore& store, Batch batch)
{
    auto results = store.commit(std::span(&batch, 1));
    REQUIRE(results.has_value());
    REQUIRE(results->size() == 1);
    return results->front();
}

inline void must(const Result<void>& result)
{
    if (!result) FAIL_CHECK(result.error().message);
}

}  // namespace ramet::contract::run_store
