#include "storage/engine_store.hpp"

#include "storage/engine_batch.hpp"
#include "storage/engine_rows.hpp"

#include <algorithm>

namespace ramet::storage {

using namespace engine;

namespace {

/// All rows, each read by a function that may refuse it.
template <typename T>
Result<std::vector<T>> list_rows(Connection& connection, const std::string& sql, Connection::Values values,
                                 Result<T> (*read)(const Row&))
{
    std::vector<T> rows;
    const auto visit = [&](const Row& row) -> Result<void> {
        rows.push_back(TRY(read(row)));
        return {};
    };
    TRY(connection.for_each(sql, values, visit));
    return rows;
}

template <typename T>
Result<std::optional<T>> find_row(Connection& connection, const std::string& sql, Connection::Values values,
                                  Result<T> (*read)(const Row&))
{
    auto rows = TRY(list_rows(connection, sql, values, read));
    return rows.empty() ? std::optional<T>{} : std::optional<T>(std::move(rows.front()));
}

Result<Lease> find_lease(Connection& connection, const OwnerId& owner)
{
    const auto lease =
        TRY(connection.find("SELECT holder, epoch, until FROM lease WHERE owner_id = ?", {owner},
                            [&](const Row& row) { return Lease{owner, row.text(0), row.integer(1), row.time(2)}; }));
    return lease.value_or(Lease{});
}

/// Batches that are written as one.
struct Group {
    std::span<const Batch> batches;
    std::vector<Result<void>> results{};  ///< none when there is one batch only, whose result is the write's
};

std::size_t count_without_extra(std::span<const Batch> batches)
{
    const auto end = std::ranges::find_if(batches, [](const Batch& batch) { return batch.extra != nullptr; });
    return static_cast<std::size_t>(end - batches.begin());
}

Result<void> write_group(Transaction& transaction, Group& group)
{
    if (group.batches.size() == 1) return write_batch(transaction, group.batches.front());
    group.results = TRY(write_together(transaction, group.batches));
    return {};
}

}  // namespace

Result<std::vector<Result<void>>> EngineStore::commit(std::span<const Batch> batches)
{
    std::vector<Group> groups;
    for (std::size_t first = 0; first < batches.size();) {
        const auto rest = batches.subspan(first);
        groups.push_back({rest.first(std::max<std::size_t>(1, count_without_extra(rest)))});
        first += groups.back().batches.size();
    }
    std::vector<Write> writes;
    for (auto& group : groups)
        writes.emplace_back([&group](Transaction& transaction) { return write_group(transaction, group); });
    auto written = TRY(database_.writer().write_all(writes));
    std::vector<Result<void>> results;
    for (std::size_t index = 0; index < groups.size(); ++index) {
        auto& group = groups[index];
        if (!written[index] || group.results.empty())
            results.insert(results.end(), group.batches.size(), written[index]);
        else
            std::ranges::move(group.results, std::back_inserter(results));
    }
    return results;
}

Result<OwnerRecords> EngineStore::load_owner(const OwnerId& owner)
{
    Reading reading(database_, nullptr);
    // Several statements must see one moment.
    TRY(reading->begin_reading());
    const auto load = [&]() -> Result<OwnerRecords> {
        OwnerRecords records;
        records.lease = TRY(find_lease(*reading, owner));
        records.resources = TRY(list_rows(*reading,
                                          "SELECT " + resource_columns +
                                              " FROM resource r WHERE owner_id = ? AND (phase <> 'gone' OR "
                                              "incarnation = (SELECT max(incarnation) FROM resource n WHERE n.owner_id "
                                              "= r.owner_id AND n.path = r.path)) "
                                              "ORDER BY path, incarnation",
                                          {owner}, read_resource));
        records.unfinished = TRY(list_rows(
            *reading, "SELECT " + run_columns + " FROM run WHERE owner_id = ? AND ended_at IS NULL ORDER BY sequence",
            {owner}, read_run));
        const auto newest = TRY(reading->find("SELECT max(generation) FROM run WHERE owner_id = ?", {owner},
                                              [](const Row& row) { return row.integer(0); }));
        records.newest_generation = newest.value_or(0);
        return records;
    };
    auto records = load();
    if (records)
        TRY(reading->commit());
    else
        reading->roll_back();
    return records;
}

Result<std::vector<UnfinishedOwner>> EngineStore::list_owners_with_unfinished_runs()
{
    Reading reading(database_, nullptr);
    return reading->list(
        "SELECT r.owner_id, coalesce(l.holder, ''), coalesce(l.epoch, 0), coalesce(l.until, 0), max(r.sequence), "
        "sum(CASE WHEN r.cancel = ? THEN 1 ELSE 0 END) FROM run r LEFT JOIN lease l ON l.owner_id = r.owner_id "
        "WHERE r.ended_at IS NULL GROUP BY r.owner_id, l.holder, l.epoch, l.until ORDER BY min(r.sequence)",
        {true}, [](const Row& row) {
            Lease lease{row.id<OwnerId>(0), row.text(1), row.integer(2), row.time(3)};
            return UnfinishedOwner{std::move(lease), row.integer(4), row.integer(5)};
        });
}

Result<std::optional<RunRow>> EngineStore::find_run(const EngineRunId& id)
{
    Reading reading(database_, nullptr);
    return find_row(*reading, "SELECT " + run_columns + " FROM run WHERE id = ?", {id}, read_run);
}

Result<std::vector<RunRow>> EngineStore::list_runs(const OwnerId& owner, std::size_t limit)
{
    Reading reading(database_, nullptr);
    return list_rows(*reading, "SELECT " + run_columns + " FROM run WHERE owner_id = ? ORDER BY sequence DESC LIMIT ?",
                     {owner, limit}, read_run);
}

Result<std::vector<JournalRecord>> EngineStore::load_journal(const EngineRunId& run)
{
    Reading reading(database_, nullptr);
    return list_rows(*reading, "SELECT " + journal_columns + " FROM journal WHERE run_id = ? ORDER BY seq", {run},
                     read_journal);
}

Result<std::vector<ResourceRow>> EngineStore::list_resources(const OwnerId& owner)
{
    Reading reading(database_, nullptr);
    return list_rows(*reading,
                     "SELECT " + resource_columns + " FROM resource WHERE owner_id = ? ORDER BY path, incarnation",
                     {owner}, read_resource);
}

Result<std::optional<ResourceRow>> EngineStore::find_resource(const std::string& kind, const std::string& name)
{
    Reading reading(database_, nullptr);
    return find_row(*reading, "SELECT " + resource_columns + " FROM resource WHERE kind = ? AND name = ?", {kind, name},
                    read_resource);
}

Result<std::vector<ResourceRow>> EngineStore::list_present(const std::string& kind)
{
    Reading reading(database_, nullptr);
    return list_rows(*reading,
                     "SELECT " + resource_columns +
                         " FROM resource r WHERE kind = ? AND phase <> 'gone' ORDER BY owner_id, path",
                     {kind}, read_resource);
}

Result<std::optional<Receipt>> EngineStore::find_receipt(const OwnerId& owner)
{
    Reading reading(database_, nullptr);
    return find_row(*reading,
                    "SELECT " + receipt_columns + " FROM receipt WHERE owner_id = ? ORDER BY made_at DESC LIMIT 1",
                    {owner}, read_receipt);
}

}  // namespace ramet::storage
