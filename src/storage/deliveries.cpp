#include "storage/deliveries.hpp"

#include "base/json.hpp"
#include "storage/rows.hpp"

#include <array>

namespace ramet::storage {
namespace {

constexpr std::array<std::pair<DeliveryState, std::string_view>, 4> words = {{{DeliveryState::stored, "stored"},
                                                                              {DeliveryState::processed, "processed"},
                                                                              {DeliveryState::failed, "failed"},
                                                                              {DeliveryState::ignored, "ignored"}}};

DeliveryState parse_state(std::string_view word)
{
    for (const auto& [state, known] : words)
        if (known == word) return state;
    return DeliveryState::failed;
}

std::string headers_text(const std::map<std::string, std::string>& headers)
{
    json::object object;
    for (const auto& [name, value] : headers) object.emplace(name, value);
    return to_text(object);
}

std::map<std::string, std::string> parse_headers(const std::string& text)
{
    std::map<std::string, std::string> headers;
    const auto parsed = parse_json(text);
    const auto* const object = parsed ? parsed->if_object() : nullptr;
    if (object != nullptr)
        for (const auto& member : *object) headers.emplace(member.key(), get_string(*parsed, member.key()));
    return headers;
}

StoredDelivery read(const Row& row)
{
    return {row.integer(0), row.text(1),          row.text(2),
            row.text(3),    row.text(4),          parse_headers(row.text(5)),
            row.text(6),    row.time(7),          parse_state(row.text(8)),
            row.text(9),    row.optional_time(10)};
}

const std::string select =
    "SELECT id, forge, connection, delivery_id, event, headers, body, received_at, state, reason, processed_at "
    "FROM delivery JOIN delivery_content ON delivery = id ";

}  // namespace

std::string_view to_string(DeliveryState state)
{
    for (const auto& [known, word] : words)
        if (known == state) return word;
    return "failed";
}

Result<Deliveries::Stored> Deliveries::insert(Transaction& transaction, const StoredDelivery& delivery)
{
    const auto inserted = TRY(transaction->find(
        "INSERT INTO delivery (forge, connection, delivery_id, event, received_at, state, reason, processed_at) "
        "VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING RETURNING id",
        {delivery.forge, delivery.connection, text_or_null(delivery.delivery_id), delivery.event, delivery.received_at,
         to_string(delivery.state), delivery.reason, delivery.processed_at},
        [](const Row& row) { return row.integer(0); }));
    if (inserted) {
        TRY(transaction->execute("INSERT INTO delivery_content (delivery, headers, body) VALUES (?,?,?)",
                                 {*inserted, headers_text(delivery.headers), Blob{delivery.body}}));
        return Stored{*inserted, Stored::What::stored};
    }
    const auto first =
        transaction->find("SELECT id FROM delivery WHERE connection = ? AND delivery_id = ?",
                          {delivery.connection, delivery.delivery_id}, [](const Row& row) { return row.integer(0); });
    return Stored{TRY(require_row(first, "delivery", delivery.delivery_id)), Stored::What::duplicate};
}

Result<void> Deliveries::set_state(Transaction& transaction, std::int64_t id, DeliveryState state,
                                   std::string_view reason, Time now)
{
    return require_change(
        transaction->execute("UPDATE delivery SET state = ?, reason = ?, processed_at = ? WHERE id = ?",
                             {to_string(state), reason, now, id}),
        "delivery", std::to_string(id));
}

Result<void> Deliveries::redeliver(Transaction& transaction, std::int64_t id)
{
    return require_change(
        transaction->execute("UPDATE delivery SET state = 'stored', reason = '', processed_at = NULL WHERE id = ?",
                             {id}),
        "delivery", std::to_string(id));
}

Result<std::int64_t> Deliveries::prune(Transaction& transaction, Time before)
{
    return transaction->execute("DELETE FROM delivery WHERE received_at < ? AND state <> 'stored'", {before});
}

Result<StoredDelivery> Deliveries::get(std::int64_t id, Transaction* within)
{
    Reading reading(database_, within);
    return require_row(reading->find(select + "WHERE id = ?", {id}, read), "delivery", std::to_string(id));
}

Result<std::vector<StoredDelivery>> Deliveries::list_waiting(int limit, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list(select + "WHERE state = 'stored' ORDER BY id LIMIT ?", {limit}, read);
}

Result<std::vector<StoredDelivery>> Deliveries::list(std::string_view connection, int limit, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list(
        "SELECT id, forge, connection, delivery_id, event, '{}', '', received_at, state, reason, processed_at "
        "FROM delivery WHERE ?1 IN ('', connection) ORDER BY id DESC LIMIT ?2",
        {connection, limit}, read);
}

}  // namespace ramet::storage
