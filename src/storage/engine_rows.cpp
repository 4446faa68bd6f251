#include "storage/engine_rows.hpp"

namespace ramet::storage {

using namespace engine;

const std::string run_columns = "id, owner_id, generation, kind, request, note, plan, plan_hash, created_at, sequence, "
                                "state, cancel, error, superseded_by, "
                                "deadline, kept_until, ended_at";
const std::string journal_columns =
    "run_id, seq, step, attempt, epoch, record, token, request_hash, external_id, outcome, at, prev_hash";
const std::string resource_columns = "id, path, kind, name, incarnation, install, owner_id, owner_nonce, external_id, "
                                     "identity, spec, outputs, phase, spec_hash, "
                                     "depends_on, last_good_spec, last_good_outputs, intent_at, changed_at, absent_at";
const std::string receipt_columns = "owner_id, run_id, name, made_at, resources, hash";

namespace {

/// Text that Ramet wrote itself: what cannot be parsed is damage, not input.
Result<Json> read_json(const Row& row, int column)
{
    auto parsed = parse_json(row.text(column));
    if (parsed) return parsed;
    return fail(ErrorKind::integrity, "a record of the engine is damaged: {}", parsed.error().message);
}

Result<std::optional<Json>> read_optional_json(const Row& row, int column)
{
    if (row.is_null(column)) return std::optional<Json>{};
    return std::optional<Json>(TRY(read_json(row, column)));
}

Result<RunStatus> read_status(const Row& row, int column)
{
    RunStatus status;
    status.state = TRY(parse_run_state(row.text(column)));
    status.cancel = row.boolean(column + 1) ? CancelRequest::requested : CancelRequest::none;
    const auto error = TRY(read_optional_json(row, column + 2));
    if (error) status.error = error_from_json(*error);
    status.superseded_by = row.id<EngineRunId>(column + 3);
    status.deadline = row.optional_time(column + 4);
    status.kept_until = row.optional_time(column + 5);
    status.ended_at = row.optional_time(column + 6);
    return status;
}

}  // namespace

Result<RunRow> read_run(const Row& row)
{
    RunRow run;
    run.id = row.id<EngineRunId>(0);
    run.owner = row.id<OwnerId>(1);
    run.generation = row.integer(2);
    run.kind = TRY(parse_run_kind(row.text(3)));
    run.request = TRY(read_json(row, 4));
    run.note = TRY(read_json(row, 5));
    run.plan = TRY(read_json(row, 6));
    run.plan_hash = row.text(7);
    run.created_at = row.time(8);
    run.sequence = row.integer(9);
    run.status = TRY(read_status(row, 10));
    return run;
}

Result<JournalRecord> read_journal(const Row& row)
{
    JournalRecord record;
    record.run = row.id<EngineRunId>(0);
    record.seq = row.integer(1);
    record.step = row.text(2);
    record.attempt = static_cast<int>(row.integer(3));
    record.epoch = row.integer(4);
    record.kind = TRY(parse_record_kind(row.text(5)));
    record.token = row.text(6);
    record.request_hash = row.text(7);
    record.external_id = row.text(8);
    record.outcome = TRY(read_json(row, 9));
    record.at = row.time(10);
    record.prev_hash = row.text(11);
    return record;
}

Result<ResourceRow> read_resource(const Row& row)
{
    ResourceRow resource;
    auto& ref = resource.ref;
    ref.id = row.id<ResourceId>(0);
    ref.path = row.text(1);
    ref.kind = row.text(2);
    ref.name = row.text(3);
    ref.incarnation = row.integer(4);
    ref.mark = {row.text(5), row.id<OwnerId>(6), row.text(7)};
    ref.external_id = row.text(8);
    ref.identity = row.text(9);
    ref.spec = TRY(read_json(row, 10));
    ref.outputs = outputs_from_json(TRY(read_json(row, 11)));
    resource.phase = TRY(parse_phase(row.text(12)));
    resource.spec_hash = row.text(13);
    resource.depends_on = words_from_json(TRY(read_json(row, 14)));
    resource.last_good_spec = TRY(read_optional_json(row, 15));
    resource.last_good_outputs = outputs_from_json(TRY(read_json(row, 16)));
    resource.intent_at = row.time(17);
    resource.changed_at = row.optional_time(18);
    resource.absent_at = row.optional_time(19);
    return resource;
}

Result<Receipt> read_receipt(const Row& row)
{
    Receipt receipt;
    receipt.owner = row.id<OwnerId>(0);
    receipt.run = row.id<EngineRunId>(1);
    receipt.name = row.text(2);
    receipt.made_at = row.time(3);
    receipt.resources = lines_from_json(TRY(read_json(row, 4)));
    receipt.hash = row.text(5);
    return receipt;
}

}  // namespace ramet::storage
