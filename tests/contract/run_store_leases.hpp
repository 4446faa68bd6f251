#pragma once

#include "contract/run_store_rows.hpp"

#include <doctest/doctest.h>

#include <string>

namespace ramet::contract::run_store {

// Who may write: leases and their epochs, what needs none of them, and how others see that there is something to do.

inline LeaseChange renewal(const std::string& owner, std::int64_t epoch, int until)
{
    return LeaseChange{epoch, Lease{OwnerId(owner), "holder-a", epoch, at(until)}};
}

inline bool is_refused_by_its_lease(const Result<void>& result)
{
    return !result && result.error().kind == ErrorKind::conflict && result.error().evidence == "epoch";
}

inline void check_epochs(RunStore& store)
{
    must(commit_one(store, first_batch("run-epoch", "env-epoch")));
    auto stale = next_batch("env-epoch", 1);
    stale.records = {record("run-epoch", 1)};

    auto take_over = next_batch("env-epoch", 2);
    take_over.lease = LeaseChange{1, Lease{OwnerId("env-epoch"), "holder-b", 2, at(2000)}};
    must(commit_one(store, take_over));

    const auto refused = commit_one(store, stale);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::conflict);
    CHECK(refused.error().evidence == "epoch");
    CHECK(store.load_journal(EngineRunId("run-epoch"))->empty());
    CHECK(store.load_owner(OwnerId("env-epoch"))->lease.holder == "holder-b");

    // Taking over from an epoch that is not the stored one is refused as well, and so is an owner that nobody holds.
    CHECK_FALSE(commit_one(store, take_over).has_value());
    CHECK_FALSE(commit_one(store, next_batch("env-never-leased", 1)).has_value());
}

inline void check_renewals(RunStore& store)
{
    must(commit_one(store, first_batch("run-renew", "env-renew")));
    auto renews = next_batch("env-renew", 1);
    renews.lease = renewal("env-renew", 1, 2'000);
    must(commit_one(store, renews));
    CHECK(store.load_owner(OwnerId("env-renew"))->lease.until == at(2'000));

    // Whoever saw the lease before it was renewed does not get it, and nothing of what comes with it is written.
    auto take_over = next_batch("env-renew", 2);
    take_over.lease = LeaseChange{1, Lease{OwnerId("env-renew"), "holder-b", 2, at(9'000)}, at(1'000)};
    take_over.resources = {resource("env-renew", "service/web")};
    CHECK(is_refused_by_its_lease(commit_one(store, take_over)));
    CHECK(store.load_owner(OwnerId("env-renew"))->lease.holder == "holder-a");
    CHECK(store.list_resources(OwnerId("env-renew"))->empty());
    take_over.lease->from_until = at(2'000);
    must(commit_one(store, take_over));

    // The one that lost it cannot renew it.
    renews.lease = renewal("env-renew", 1, 3'000);
    CHECK(is_refused_by_its_lease(commit_one(store, renews)));
    CHECK(store.load_owner(OwnerId("env-renew"))->lease == Lease{OwnerId("env-renew"), "holder-b", 2, at(9'000)});
}

inline void check_releases(RunStore& store)
{
    must(commit_one(store, first_batch("run-free", "env-free")));
    auto release = next_batch("env-free", 1);
    release.lease = LeaseChange{1, Lease{OwnerId("env-free"), "", 1, at(1'500)}};
    must(commit_one(store, release));
    CHECK(store.load_owner(OwnerId("env-free"))->lease == Lease{OwnerId("env-free"), "", 1, at(1'500)});

    // Of two that take it, the second one starts from what is not so any more.
    auto first = next_batch("env-free", 2);
    first.lease = LeaseChange{1, Lease{OwnerId("env-free"), "holder-b", 2, at(3'000)}, at(1'500)};
    auto second = first;
    second.lease->to.holder = "holder-c";
    const std::vector<Batch> both{first, second};
    const auto results = store.commit(both);
    REQUIRE(results.has_value());
    CHECK((*results)[0].has_value());
    CHECK(is_refused_by_its_lease((*results)[1]));
    CHECK(store.load_owner(OwnerId("env-free"))->lease.holder == "holder-b");
}

/// Also where nobody ever held it, so that there is no row that could be changed on a condition.
inline void check_first_lease(RunStore& store)
{
    auto second = first_batch("run-first-2", "env-first");
    second.lease->to.holder = "holder-b";
    const std::vector<Batch> both{first_batch("run-first-1", "env-first"), second};
    const auto results = store.commit(both);
    REQUIRE(results.has_value());
    CHECK(is_refused_by_its_lease((*results)[1]));
    CHECK(store.load_owner(OwnerId("env-first"))->lease.holder == "holder-a");
    CHECK_FALSE(store.find_run(EngineRunId("run-first-2"))->has_value());
}

inline void check_queueing_needs_no_epoch(RunStore& store)
{
    must(commit_one(store, first_batch("run-held", "env-held")));
    Batch queued;
    queued.owner = OwnerId("env-held");
    queued.new_run = run_row("run-queued", "env-held", 2);
    queued.new_run->status = RunStatus{};
    must(commit_one(store, queued));
    const auto records = store.load_owner(OwnerId("env-held"));
    REQUIRE(records->unfinished.size() == 2);
    CHECK(records->unfinished[0].id.str() == "run-held");
    CHECK(records->unfinished[1].id.str() == "run-queued");
    CHECK(records->newest_generation == 2);
    const auto newest_first = store.list_runs(OwnerId("env-held"), 1);
    REQUIRE(newest_first->size() == 1);
    CHECK(newest_first->at(0).id.str() == "run-queued");
}

inline void check_cancels(RunStore& store)
{
    must(commit_one(store, first_batch("run-cancel", "env-cancel")));
    Batch asks;
    asks.owner = OwnerId("env-cancel");
    asks.cancels = {EngineRunId("run-cancel")};
    must(commit_one(store, asks));
    must(commit_one(store, asks));
    auto run = **store.find_run(EngineRunId("run-cancel"));
    CHECK(run.status.cancel == CancelRequest::requested);
    CHECK(run.status.state == RunState::running);

    // Its holder, which has not seen it, writes on: what was asked for stays asked for.
    auto goes_on = next_batch("env-cancel", 1);
    goes_on.runs = {RunChange{EngineRunId("run-cancel"), RunStatus{RunState::compensating}}};
    must(commit_one(store, goes_on));
    run = **store.find_run(EngineRunId("run-cancel"));
    CHECK(run.status.cancel == CancelRequest::requested);
    CHECK(run.status.state == RunState::compensating);

    // Somebody else's, or nobody's, and one that has ended.
    asks.owner = OwnerId("env-of-somebody");
    CHECK(commit_one(store, asks).error().kind == ErrorKind::integrity);
    asks = Batch{OwnerId("env-cancel")};
    asks.cancels = {EngineRunId("run-of-nobody")};
    CHECK(commit_one(store, asks).error().kind == ErrorKind::integrity);
    goes_on.runs[0].status = RunStatus{RunState::rolled_back};
    goes_on.runs[0].status.ended_at = at(3);
    must(commit_one(store, goes_on));
    asks.cancels = {EngineRunId("run-cancel")};
    const auto late = commit_one(store, asks);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().kind == ErrorKind::conflict);
    CHECK(late.error().evidence != "epoch");
}

inline void check_unfinished_owners(RunStore& store)
{
    const auto before = store.list_owners_with_unfinished_runs()->size();
    must(commit_one(store, first_batch("run-u1", "env-z")));
    must(commit_one(store, first_batch("run-u2", "env-y")));
    auto owners = store.list_owners_with_unfinished_runs();
    REQUIRE(owners->size() == before + 2);
    CHECK((*owners)[before].lease == Lease{OwnerId("env-z"), "holder-a", 1, at(1000)});
    CHECK((*owners)[before + 1].lease.owner.str() == "env-y");
    CHECK((*owners)[before].cancels == 0);
    CHECK((*owners)[before].newest_sequence < (*owners)[before + 1].newest_sequence);

    auto end = next_batch("env-z", 1);
    end.runs = {RunChange{EngineRunId("run-u1")}};
    end.runs[0].status.state = RunState::succeeded;
    end.runs[0].status.ended_at = at(3);
    must(commit_one(store, end));
    CHECK(store.list_owners_with_unfinished_runs()->size() == before + 1);
}

/// What a server that holds none of it learns from one question.
inline void check_what_others_see(RunStore& store)
{
    Batch queued;
    queued.owner = OwnerId("env-seen");
    queued.new_run = run_row("run-seen-1", "env-seen");
    queued.new_run->status = RunStatus{};
    must(commit_one(store, queued));
    const auto seen = [&] { return store.list_owners_with_unfinished_runs()->back(); };
    CHECK(seen().lease == Lease{OwnerId("env-seen"), "", 0, Time{}});
    const auto sequence = seen().newest_sequence;
    CHECK(sequence == (*store.find_run(EngineRunId("run-seen-1")))->sequence);

    queued.new_run = run_row("run-seen-2", "env-seen", 2);
    queued.cancels = {EngineRunId("run-seen-1")};
    must(commit_one(store, queued));
    CHECK(seen().newest_sequence > sequence);
    CHECK(seen().cancels == 1);
}

inline void check_leases(RunStore& store)
{
    check_epochs(store);
    check_renewals(store);
    check_releases(store);
    check_first_lease(store);
    check_queueing_needs_no_epoch(store);
    check_cancels(store);
    check_unfinished_owners(store);
    check_what_others_see(store);
}

}  // namespace ramet::contract::run_store
