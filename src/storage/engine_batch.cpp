#include "storage/engine_batch.hpp"

#include "engine/lease.hpp"
#include "storage/engine_rows.hpp"
#include "storage/news.hpp"
#include "storage/rows.hpp"

namespace ramet::storage {

using namespace engine;

namespace {

std::unexpected<Error> lost_epoch(const OwnerId& owner, std::int64_t stored)
{
    return lost_lease(fmt::format("the lease of {} is at epoch {}", owner.str(), stored));
}

std::unexpected<Error> not_as_seen(const LeaseChange& change)
{
    return lost_lease(fmt::format("the lease of {} is no longer as it was seen, at epoch {}", change.to.owner.str(),
                                  change.from_epoch));
}

/// What it starts from is a condition of the statement itself: between a look and the write another server may be quicker.
Result<void> write_lease(Transaction& transaction, const OwnerId& owner, const LeaseChange& change)
{
    const auto& to = change.to;
    const auto taken = [&change](const Result<std::int64_t>& written) -> Result<void> {
        return TRY(written) == 0 ? not_as_seen(change) : Result<void>{};
    };
    if (change.from_epoch == 0)
        return transaction->post("INSERT INTO lease (owner_id, holder, epoch, until) VALUES (?,?,?,?) "
                                 "ON CONFLICT DO NOTHING",
                                 {owner, to.holder, to.epoch, to.until}, taken);
    if (!change.from_until)
        return transaction->post("UPDATE lease SET holder = ?, epoch = ?, until = ? WHERE owner_id = ? AND epoch = ?",
                                 {to.holder, to.epoch, to.until, owner, change.from_epoch}, taken);
    return transaction->post(
        "UPDATE lease SET holder = ?, epoch = ?, until = ? WHERE owner_id = ? AND epoch = ? AND until = ?",
        {to.holder, to.epoch, to.until, owner, change.from_epoch, *change.from_until}, taken);
}

Result<void> check_epoch(Transaction& transaction, const Batch& batch)
{
    if (batch.lease) TRY(write_lease(transaction, batch.owner, *batch.lease));
    if (!batch.epoch) return {};
    const auto compare = [&batch](const Row* row) -> Result<void> {
        const auto stored = row ? row->integer(0) : 0;
        return stored == *batch.epoch ? Result<void>{} : lost_epoch(batch.owner, stored);
    };
    return transaction->post_find("SELECT epoch FROM lease WHERE owner_id = ?", {batch.owner}, compare);
}

std::optional<std::string> error_text(const std::optional<Error>& error)
{
    return error ? std::optional(to_text(to_json(*error))) : std::nullopt;
}

Result<void> insert_run(Transaction& transaction, const RunRow& run)
{
    const auto& status = run.status;
    return transaction->post(
        "INSERT INTO run (id, owner_id, generation, kind, request, note, plan, plan_hash, created_at, state, "
        "cancel, error, superseded_by, deadline, kept_until, ended_at) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        {run.id, run.owner, run.generation, to_string(run.kind), to_text(run.request), to_text(run.note),
         to_text(run.plan), run.plan_hash, run.created_at, to_string(status.state),
         status.cancel == CancelRequest::requested, error_text(status.error), status.superseded_by, status.deadline,
         status.kept_until, status.ended_at},
        [&run](Result<std::int64_t> inserted) { return require_new(std::move(inserted), "run", run.id.str()); });
}

Result<void> update_run(Transaction& transaction, const OwnerId& owner, const RunChange& change)
{
    const auto& status = change.status;
    const auto check = [&owner, &change](const Result<std::int64_t>& changed) -> Result<void> {
        if (TRY(changed) > 0) return {};
        return fail(ErrorKind::integrity, "{} has no run {}", owner.str(), change.id.str());
    };
    TRY(transaction->post("UPDATE run SET state = ?, error = ?, superseded_by = ?, "
                          "deadline = ?, kept_until = ?, ended_at = ? "
                          "WHERE id = ? AND owner_id = ?",
                          {to_string(status.state), error_text(status.error), status.superseded_by, status.deadline,
                           status.kept_until, status.ended_at, change.id, owner},
                          check));
    // Somebody may have asked for it through another server since this status was decided: it is never taken back.
    if (status.cancel == CancelRequest::requested)
        TRY(transaction->post("UPDATE run SET cancel = ? WHERE id = ?", {true, change.id}));
    if (!change.plan) return {};
    return transaction->post("UPDATE run SET plan = ?, plan_hash = ? WHERE id = ?",
                             {to_text(*change.plan), change.plan_hash, change.id});
}

Result<void> request_cancel(Transaction& transaction, const OwnerId& owner, const EngineRunId& run)
{
    const auto changed = TRY(transaction->execute(
        "UPDATE run SET cancel = ? WHERE id = ? AND owner_id = ? AND ended_at IS NULL", {true, run, owner}));
    if (changed > 0) return {};
    const auto is_there = TRY(transaction->find("SELECT 1 FROM run WHERE id = ? AND owner_id = ?", {run, owner},
                                                [](const Row&) { return true; }));
    if (!is_there) return fail(ErrorKind::integrity, "{} has no run {}", owner.str(), run.str());
    return fail(ErrorKind::conflict, "run {} has ended", run.str());
}

Result<void> append_record(Transaction& transaction, const JournalRecord& record)
{
    static const auto sql = "INSERT INTO journal (" + journal_columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)";
    const auto check = [&record](Result<std::int64_t> inserted) -> Result<void> {
        if (inserted) return {};
        return require_new(std::move(inserted), "journal record", fmt::format("{}/{}", record.run.str(), record.seq));
    };
    return transaction->post(sql,
                             {record.run, record.seq, record.step, record.attempt, record.epoch, to_string(record.kind),
                              record.token, record.request_hash, record.external_id, to_text(record.outcome), record.at,
                              record.prev_hash},
                             check);
}

/// What never changes is not written again, so that no index is touched.
Result<void> put_resource(Transaction& transaction, const ResourceRow& row)
{
    static const auto sql =
        "INSERT INTO resource (" + resource_columns +
        ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (owner_id, path, incarnation) DO UPDATE SET "
        "external_id = excluded.external_id, identity = excluded.identity, spec = excluded.spec, outputs = "
        "excluded.outputs, phase = excluded.phase, spec_hash = excluded.spec_hash, depends_on = excluded.depends_on, "
        "last_good_spec = excluded.last_good_spec, last_good_outputs = excluded.last_good_outputs, intent_at = "
        "excluded.intent_at, changed_at = excluded.changed_at, absent_at = excluded.absent_at";
    const auto& ref = row.ref;
    const auto last_good = row.last_good_spec ? std::optional(to_text(*row.last_good_spec)) : std::nullopt;
    return transaction->post(sql, {ref.id,
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
                                   row.absent_at});
}

Result<void> put_receipt(Transaction& transaction, const Receipt& receipt)
{
    return transaction->post(
        "INSERT INTO receipt (" + receipt_columns + ") VALUES (?,?,?,?,?,?)",
        {receipt.owner, receipt.run, receipt.name, receipt.made_at, to_text(to_json(receipt.resources)), receipt.hash},
        [&receipt](Result<std::int64_t> inserted) {
            return require_new(std::move(inserted), "receipt", receipt.run.str());
        });
}

/// Without the answers, which `flush` takes.
Result<void> post_batch(Transaction& transaction, const Batch& batch)
{
    TRY(check_epoch(transaction, batch));
    if (batch.new_run) TRY(insert_run(transaction, *batch.new_run));
    for (const auto& change : batch.runs) TRY(update_run(transaction, batch.owner, change));
    for (const auto& run : batch.cancels) TRY(request_cancel(transaction, batch.owner, run));
    for (const auto& record : batch.records) TRY(append_record(transaction, record));
    for (const auto& resource : batch.resources) TRY(put_resource(transaction, resource));
    if (batch.receipt) TRY(put_receipt(transaction, *batch.receipt));
    if (batch.new_run || !batch.runs.empty() || !batch.cancels.empty())
        transaction.announce(news::of_owner(batch.owner));
    return {};
}

Result<void> write_all(Transaction& transaction, std::span<const Batch> batches)
{
    for (const auto& batch : batches) TRY(post_batch(transaction, batch));
    return transaction->flush();
}

/// The outer error is that of the transaction, the inner one that of this batch alone.
Result<Result<void>> write_alone(Transaction& transaction, const Batch& batch)
{
    TRY(transaction->execute("SAVEPOINT batch"));
    auto written = write_batch(transaction, batch);
    if (!transaction->is_in_transaction()) return std::unexpected(written.error());
    if (!written) TRY(transaction->execute("ROLLBACK TO batch"));
    TRY(transaction->execute("RELEASE batch"));
    return written;
}

}  // namespace

Result<std::vector<Result<void>>> write_together(Transaction& transaction, std::span<const Batch> batches)
{
    TRY(transaction->post("SAVEPOINT batches"));
    const auto written = write_all(transaction, batches);
    if (!transaction->is_in_transaction()) return std::unexpected(written.error());
    std::vector<Result<void>> results;
    if (written) {
        results.resize(batches.size());
    } else {
        TRY(transaction->execute("ROLLBACK TO batches"));
        for (const auto& batch : batches) results.push_back(TRY(write_alone(transaction, batch)));
    }
    TRY(transaction->post("RELEASE batches"));
    return results;
}

Result<void> write_batch(Transaction& transaction, const Batch& batch)
{
    TRY(post_batch(transaction, batch));
    TRY(transaction->flush());
    return batch.extra ? batch.extra(transaction) : Result<void>{};
}

}  // namespace ramet::storage
