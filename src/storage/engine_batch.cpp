#include "storage/engine_batch.hpp"

#include "storage/engine_rows.hpp"
#include "storage/rows.hpp"

namespace ramet::storage {

using namespace engine;

namespace {

std::unexpected<Error> lost_epoch(const OwnerId& owner, std::int64_t stored)
{
    Error error{ErrorKind::conflict, fmt::format("the lease of {} is at epoch {}", owner.str(), stored)};
    error.evidence = "epoch";
    return std::unexpected(std::move(error));
}

Result<std::int64_t> stored_epoch(Transaction& transaction, const OwnerId& owner)
{
    const auto epoch = TRY(transaction->find("SELECT epoch FROM lease WHERE owner_id = ?", {owner},
                                             [](const Row& row) { return row.integer(0); }));
    return epoch.value_or(0);
}

Result<void> write_lease(Transaction& transaction, const OwnerId& owner, const Lease& lease)
{
    return discard_count(transaction->execute(
        "INSERT INTO lease (owner_id, holder, epoch, until) VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET "
        "holder = excluded.holder, epoch = excluded.epoch, until = excluded.until",
        {owner, lease.holder, lease.epoch, lease.until}));
}

Result<void> check_epoch(Transaction& transaction, const Batch& batch)
{
    auto epoch = TRY(stored_epoch(transaction, batch.owner));
    if (batch.lease) {
        if (batch.lease->from_epoch != epoch) return lost_epoch(batch.owner, epoch);
        epoch = batch.lease->to.epoch;
        TRY(write_lease(transaction, batch.owner, batch.lease->to));
    }
    if (batch.epoch && *batch.epoch != epoch) return lost_epoch(batch.owner, epoch);
    return {};
}

std::optional<std::string> error_text(const std::optional<Error>& error)
{
    return error ? std::optional(to_text(to_json(*error))) : std::nullopt;
}

Result<void> insert_run(Transaction& transaction, const RunRow& run)
{
    const auto& status = run.status;
    return require_new(
        transaction->execute(
            "INSERT INTO run (id, owner_id, generation, kind, request, note, plan, plan_hash, created_at, state, "
            "cancel, error, superseded_by, deadline, kept_until, ended_at) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            {run.id, run.owner, run.generation, to_string(run.kind), to_text(run.request), to_text(run.note),
             to_text(run.plan), run.plan_hash, run.created_at, to_string(status.state),
             status.cancel == CancelRequest::requested, error_text(status.error), status.superseded_by, status.deadline,
             status.kept_until, status.ended_at}),
        "run", run.id.str());
}

Result<void> update_run(Transaction& transaction, const OwnerId& owner, const RunChange& change)
{
    const auto& status = change.status;
    const auto changed = TRY(transaction->execute("UPDATE run SET state = ?, cancel = ?, error = ?, superseded_by = ?, "
                                                  "deadline = ?, kept_until = ?, ended_at = ? "
                                                  "WHERE id = ? AND owner_id = ?",
                                                  {to_string(status.state), status.cancel == CancelRequest::requested,
                                                   error_text(status.error), status.superseded_by, status.deadline,
                                                   status.kept_until, status.ended_at, change.id, owner}));
    if (changed == 0) return fail(ErrorKind::integrity, "{} has no run {}", owner.str(), change.id.str());
    if (!change.plan) return {};
    return discard_count(transaction->execute("UPDATE run SET plan = ?, plan_hash = ? WHERE id = ?",
                                              {to_text(*change.plan), change.plan_hash, change.id}));
}

Result<void> append_record(Transaction& transaction, const JournalRecord& record)
{
    return require_new(
        transaction->execute("INSERT INTO journal (" + journal_columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                             {record.run, record.seq, record.step, record.attempt, record.epoch, to_string(record.kind),
                              record.token, record.request_hash, record.external_id, to_text(record.outcome), record.at,
                              record.prev_hash}),
        "journal record", fmt::format("{}/{}", record.run.str(), record.seq));
}

Result<void> put_resource(Transaction& transaction, const ResourceRow& row)
{
    const auto& ref = row.ref;
    const auto last_good = row.last_good_spec ? std::optional(to_text(*row.last_good_spec)) : std::nullopt;
    return discard_count(transaction->execute("INSERT OR REPLACE INTO resource (" + resource_columns +
                                                  ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                              {ref.id,
                                               ref.path,
                                               ref.kind,
                                               ref.name,
                                               ref.incarnation,
                                               ref.mark.install,
                                               ref.mark.owner,
                                               ref.mark.nonce,
                                               ref.external_id,
                                               ref.identity,
                                               to_text(ref.spec),
                                               to_text(to_json(ref.outputs)),
                                               to_string(row.phase),
                                               row.spec_hash,
                                               to_text(to_json(row.depends_on)),
                                               last_good,
                                               to_text(to_json(row.last_good_outputs)),
                                               row.intent_at,
                                               row.changed_at,
                                               row.absent_at}));
}

Result<void> put_receipt(Transaction& transaction, const Receipt& receipt)
{
    return require_new(transaction->execute("INSERT INTO receipt (" + receipt_columns + ") VALUES (?,?,?,?,?,?)",
                                            {receipt.owner, receipt.run, receipt.name, receipt.made_at,
                                             to_text(to_json(receipt.resources)), receipt.hash}),
                       "receipt", receipt.run.str());
}

}  // namespace

Result<void> write_batch(Transaction& transaction, const Batch& batch)
{
    TRY(check_epoch(transaction, batch));
    if (batch.new_run) TRY(insert_run(transaction, *batch.new_run));
    for (const auto& change : batch.runs) TRY(update_run(transaction, batch.owner, change));
    for (const auto& record : batch.records) TRY(append_record(transaction, record));
    for (const auto& resource : batch.resources) TRY(put_resource(transaction, resource));
    if (batch.receipt) TRY(put_receipt(transaction, *batch.receipt));
    return batch.extra ? batch.extra(transaction) : Result<void>{};
}

}  // namespace ramet::storage
