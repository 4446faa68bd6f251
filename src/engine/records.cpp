#include "engine/records.hpp"

#include "base/hash.hpp"

#include <array>
#include <utility>

namespace ramet::engine {
namespace {

template <typename E>
using Words = std::pair<E, std::string_view>;

constexpr std::array<Words<RecordKind>, 9> record_kinds = {{{RecordKind::intent, "INTENT"},
                                                            {RecordKind::ack, "ACK"},
                                                            {RecordKind::observed, "OBSERVED"},
                                                            {RecordKind::adopted, "ADOPTED"},
                                                            {RecordKind::absent, "ABSENT"},
                                                            {RecordKind::failed, "FAILED"},
                                                            {RecordKind::compensate_intent, "COMPENSATE_INTENT"},
                                                            {RecordKind::compensated, "COMPENSATED"},
                                                            {RecordKind::tombstone, "TOMBSTONE"}}};

constexpr std::array<Words<RunState>, 10> run_states = {{{RunState::queued, "queued"},
                                                         {RunState::running, "running"},
                                                         {RunState::succeeded, "succeeded"},
                                                         {RunState::superseded, "superseded"},
                                                         {RunState::cancelled, "cancelled"},
                                                         {RunState::refused, "refused"},
                                                         {RunState::compensating, "compensating"},
                                                         {RunState::rolled_back, "rolled_back"},
                                                         {RunState::needs_human, "needs_human"},
                                                         {RunState::kept, "kept"}}};

constexpr std::array<Words<RunKind>, 4> run_kinds = {
    {{RunKind::apply, "apply"}, {RunKind::destroy, "destroy"}, {RunKind::golden, "golden"}, {RunKind::sweep, "sweep"}}};

constexpr std::array<Words<Phase>, 4> phases = {
    {{Phase::intended, "intended"}, {Phase::live, "live"}, {Phase::removing, "removing"}, {Phase::gone, "gone"}}};

constexpr std::array<Words<StepAction>, 5> actions = {{{StepAction::create, "create"},
                                                       {StepAction::update, "update"},
                                                       {StepAction::replace, "replace"},
                                                       {StepAction::remove, "remove"},
                                                       {StepAction::keep, "keep"}}};

constexpr std::array<Words<StepState>, 15> step_states = {{{StepState::pending, "pending"},
                                                           {StepState::ready, "ready"},
                                                           {StepState::intent, "intent"},
                                                           {StepState::in_flight, "in_flight"},
                                                           {StepState::acked, "acked"},
                                                           {StepState::waiting, "waiting"},
                                                           {StepState::done, "done"},
                                                           {StepState::unknown, "unknown"},
                                                           {StepState::probe, "probe"},
                                                           {StepState::adopt, "adopt"},
                                                           {StepState::backoff, "backoff"},
                                                           {StepState::failed, "failed"},
                                                           {StepState::undoing, "undoing"},
                                                           {StepState::undone, "undone"},
                                                           {StepState::stuck, "stuck"}}};

template <typename E, std::size_t N>
std::string_view word_of(const std::array<Words<E>, N>& table, E value)
{
    for (const auto& [entry, word] : table)
        if (entry == value) return word;
    return "unknown";
}

template <typename E, std::size_t N>
Result<E> parse_word(const std::array<Words<E>, N>& table, std::string_view what, std::string_view word)
{
    for (const auto& [entry, known] : table)
        if (known == word) return entry;
    return fail(ErrorKind::integrity, "\"{}\" is no {}", word, what);
}

std::string text_of(const std::optional<Time>& time)
{
    return time ? std::to_string(time->time_since_epoch().count()) : std::string();
}

}  // namespace

std::string_view to_string(RecordKind kind)
{
    return word_of(record_kinds, kind);
}
std::string_view to_string(RunState state)
{
    return word_of(run_states, state);
}
std::string_view to_string(RunKind kind)
{
    return word_of(run_kinds, kind);
}
std::string_view to_string(Phase phase)
{
    return word_of(phases, phase);
}
std::string_view to_string(StepAction action)
{
    return word_of(actions, action);
}
std::string_view to_string(StepState state)
{
    return word_of(step_states, state);
}

Result<RecordKind> parse_record_kind(std::string_view word)
{
    return parse_word(record_kinds, "journal record", word);
}
Result<RunState> parse_run_state(std::string_view word)
{
    return parse_word(run_states, "state of a run", word);
}
Result<RunKind> parse_run_kind(std::string_view word)
{
    return parse_word(run_kinds, "kind of run", word);
}
Result<Phase> parse_phase(std::string_view word)
{
    return parse_word(phases, "phase of a resource", word);
}
Result<StepAction> parse_step_action(std::string_view word)
{
    return parse_word(actions, "action of a step", word);
}

bool is_final(RunState state)
{
    switch (state) {
    case RunState::succeeded:
    case RunState::superseded:
    case RunState::cancelled:
    case RunState::refused:
    case RunState::rolled_back:
    case RunState::needs_human: return true;
    case RunState::queued:
    case RunState::running:
    case RunState::compensating:
    case RunState::kept: return false;
    }
    return false;
}

std::string hash_of(const JournalRecord& record)
{
    return short_hash({record.run.str(), std::to_string(record.seq), record.step, std::to_string(record.attempt),
                       std::to_string(record.epoch), to_string(record.kind), record.token, record.request_hash,
                       record.external_id, to_canonical_text(record.outcome), text_of(record.at), record.prev_hash},
                      64);
}

std::string hash_of(const Receipt& receipt)
{
    return short_hash({receipt.owner.str(), receipt.run.str(), receipt.name, text_of(receipt.made_at),
                       to_canonical_text(to_json(receipt.resources))},
                      64);
}

bool operator==(const ResourceRow& a, const ResourceRow& b)
{
    const auto tie_ref = [](const ResourceRef& ref) {
        return std::tie(ref.id, ref.path, ref.kind, ref.name, ref.incarnation, ref.mark, ref.external_id, ref.identity,
                        ref.spec, ref.outputs);
    };
    const auto tie_row = [](const ResourceRow& row) {
        return std::tie(row.phase, row.spec_hash, row.depends_on, row.last_good_spec, row.last_good_outputs,
                        row.intent_at, row.changed_at, row.absent_at);
    };
    return tie_ref(a.ref) == tie_ref(b.ref) && tie_row(a) == tie_row(b);
}

Json to_json(const Error& error)
{
    return json::object{{"kind", to_string(error.kind)},
                        {"message", error.message},
                        {"evidence", error.evidence},
                        {"next_step", error.next_step},
                        {"where", error.where}};
}

Error error_from_json(const Json& value)
{
    return Error{parse_error_kind(get_string(value, "kind")), get_string(value, "message"),
                 get_string(value, "evidence"), get_string(value, "next_step"), get_string(value, "where")};
}

Json to_json(const Outputs& outputs)
{
    json::object object;
    for (const auto& [name, value] : outputs) object.emplace(name, value);
    return object;
}

Outputs outputs_from_json(const Json& value)
{
    Outputs outputs;
    if (const auto* object = value.if_object())
        for (const auto& member : *object) outputs.emplace(member.key(), get_string(value, member.key()));
    return outputs;
}

Json to_json(const std::vector<std::string>& words)
{
    json::array array;
    for (const auto& word : words) array.emplace_back(word);
    return array;
}

std::vector<std::string> words_from_json(const Json& value)
{
    std::vector<std::string> words;
    if (const auto* array = value.if_array())
        for (const auto& element : *array)
            if (const auto* text = element.if_string()) words.emplace_back(text->data(), text->size());
    return words;
}

Json to_json(const std::vector<Receipt::Line>& lines)
{
    json::array array;
    for (const auto& line : lines)
        array.push_back(json::object{
            {"path", line.path}, {"kind", line.kind}, {"name", line.name}, {"absent_at", to_rfc3339(line.absent_at)}});
    return array;
}

std::vector<Receipt::Line> lines_from_json(const Json& value)
{
    std::vector<Receipt::Line> lines;
    if (const auto* array = value.if_array())
        for (const auto& element : *array)
            lines.push_back({get_string(element, "path"), get_string(element, "kind"), get_string(element, "name"),
                             parse_rfc3339(get_string(element, "absent_at")).value_or(Time{})});
    return lines;
}

}  // namespace ramet::engine
