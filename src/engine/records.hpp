#pragma once

#include "engine/engine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ramet::engine {

/// Who may write for an owner. The epoch only grows: each change of holder adds one, and every write names the epoch that it
/// was decided under. Table `lease`, primary key owner_id.
struct Lease {
    OwnerId owner;
    std::string holder;  ///< one engine instance, random per start of the process; empty: its last holder gave it back
    std::int64_t epoch = 0;  ///< 0: nobody ever held it
    Time until{};            ///< for people; it grows with each renewal, which is how others see one
    friend bool operator==(const Lease&, const Lease&) = default;
};

/// Somebody wants a run to stop before its end.
enum class CancelRequest : std::uint8_t { none, requested };

/// The part of a run that changes; always written as a whole, but for `cancel`: what was asked for stays asked for.
struct RunStatus {
    RunState state = RunState::queued;
    CancelRequest cancel = CancelRequest::none;
    std::optional<Error> error{};  ///< the first failure; JSON text in one column
    EngineRunId superseded_by{};
    std::optional<Time> deadline{};
    std::optional<Time> kept_until{};
    std::optional<Time> ended_at{};
    friend bool operator==(const RunStatus&, const RunStatus&) = default;
};

/// One run. Table `run`, primary key id; indexes (owner_id, sequence) and (state) where ended_at is null.
/// `sequence` is given by the store: it grows with every new run, so that runs have an order that no clock decides.
struct RunRow {
    EngineRunId id;
    OwnerId owner;
    std::int64_t generation = 0;
    RunKind kind = RunKind::apply;
    Json request{};  ///< what was asked for, frozen; needed to plan again
    Json note{};
    Json plan{};  ///< the steps as data
    std::string plan_hash{};
    Time created_at{};
    std::int64_t sequence = 0;  ///< written by the store, ignored in a Batch
    RunStatus status{};
};

/// A change to a run that exists. The plan is replaced only when a queued run starts from what is then observed.
struct RunChange {
    EngineRunId id;
    RunStatus status{};
    std::optional<Json> plan{};
    std::string plan_hash{};  ///< meaningful with `plan`
};

/// What a journal record says. Words as in `to_string(RecordKind)`; text in the table.
enum class RecordKind : std::uint8_t {
    intent,
    ack,
    observed,
    adopted,
    absent,
    failed,
    compensate_intent,
    compensated,
    tombstone
};

/// One line of a run's history. Table `journal`, primary key (run_id, seq), append-only: no update, no delete.
struct JournalRecord {
    EngineRunId run;
    std::int64_t seq = 0;  ///< 1, 2, 3, … without a gap within one run
    std::string step{};
    int attempt = 0;
    std::int64_t epoch = 0;
    RecordKind kind = RecordKind::intent;
    std::string token{};
    std::string request_hash{};
    std::string external_id{};
    Json outcome{};  ///< outputs, an error, an observation; never a secret
    Time at{};
    std::string prev_hash{};  ///< `hash_of` the record before it in this run; empty for the first
    friend bool operator==(const JournalRecord&, const JournalRecord&) = default;
};

/// SHA-256 over all fields: what the next record carries as `prev_hash`.
std::string hash_of(const JournalRecord& record);

/// One row of the ledger. Table `resource`, primary key (id, incarnation); indexes (owner_id), (kind, name).
/// `ref.mark.install`, `ref.mark.owner` and `ref.mark.nonce` are columns install, owner_id and owner_nonce.
struct ResourceRow {
    ResourceRef ref;
    Phase phase = Phase::intended;
    std::string spec_hash{};
    std::vector<std::string> depends_on{};  ///< paths; JSON text in one column
    std::optional<Json> last_good_spec{};   ///< the filled spec of the last run that succeeded
    Outputs last_good_outputs{};
    Time intent_at{};                  ///< when its first INTENT was recorded
    std::optional<Time> changed_at{};  ///< when the last apply was answered; empty while any answer is missing
    std::optional<Time> absent_at{};   ///< set together with Phase::gone; stays while a sweep removes what came back
    friend bool operator==(const ResourceRow&, const ResourceRow&);
};

/// What stays of an owner that was destroyed. Table `receipt`, primary key run_id, index (owner_id).
struct Receipt {
    struct Line {
        std::string path;
        std::string kind;
        std::string name;
        Time absent_at{};
        friend bool operator==(const Line&, const Line&) = default;
    };
    OwnerId owner;
    EngineRunId run;
    std::string name{};  ///< from the run's note ("name"), else the owner's id
    Time made_at{};
    std::vector<Line> resources{};  ///< JSON text in one column
    std::string hash{};             ///< SHA-256 over all other fields
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

std::string hash_of(const Receipt& receipt);

std::string_view to_string(RecordKind kind);
/// The inverses, for the stores; an unknown word is `integrity`.
Result<RecordKind> parse_record_kind(std::string_view word);
Result<RunState> parse_run_state(std::string_view word);
Result<RunKind> parse_run_kind(std::string_view word);
Result<Phase> parse_phase(std::string_view word);
Result<StepAction> parse_step_action(std::string_view word);

/// JSON for the columns that hold it.
Json to_json(const Error& error);
Error error_from_json(const Json& value);
Json to_json(const Outputs& outputs);
Outputs outputs_from_json(const Json& value);
Json to_json(const std::vector<std::string>& words);
std::vector<std::string> words_from_json(const Json& value);
Json to_json(const std::vector<Receipt::Line>& lines);
std::vector<Receipt::Line> lines_from_json(const Json& value);

}  // namespace ramet::engine
