#include "storage/events.hpp"

#include "storage/news.hpp"
#include "storage/rows.hpp"

#include <algorithm>

namespace ramet::storage {
namespace {

StoredEvent read(const Row& row)
{
    return {row.integer(0), row.time(1), row.id<ProjectId>(2), row.id<EnvironmentId>(3), row.text(4), row.text(5)};
}

/// Not from a sequence of the database's: a number that was taken and then undone would look like a loss.
Result<std::int64_t> next_id(Connection& connection)
{
    const auto next =
        TRY(connection.find("INSERT INTO meta (key, value) VALUES ('event.last', '1') ON CONFLICT (key) DO UPDATE SET "
                            "value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT) RETURNING value",
                            {}, [](const Row& row) { return std::stoll(row.text(0)); }));
    return next.value_or(0);
}

}  // namespace

Result<void> Events::append(Transaction& transaction, const StoredEvent& event)
{
    const auto id = TRY(next_id(*transaction));
    TRY(transaction->execute("INSERT INTO event (id, at, project, environment, kind, data) VALUES (?,?,?,?,?,?)",
                             {id, event.at, event.project, event.environment, event.kind, event.data}));
    // Now and then for many at once: a deletion with each insertion would double the work.
    if (id % std::max<std::int64_t>(1, size_.kept / 64) == 0)
        TRY(transaction->execute("DELETE FROM event WHERE id <= ?", {id - size_.kept}));
    transaction.announce(std::string(news::events));
    transaction.after_commit([this, id] {
        for (const auto& listener : listeners_) listener(id);
    });
    return {};
}

Result<Events::Page> Events::list(std::int64_t after, int limit, const Filter& filter, Transaction* within)
{
    Reading reading(database_, within);
    Page page;
    const auto oldest =
        TRY(reading->find("SELECT min(id) FROM event", {}, [](const Row& row) { return row.integer(0); }));
    // Numbers are given without a gap between what is kept, so the first one that is left says what is lost.
    page.is_complete = after + 1 >= oldest.value_or(0);
    page.events = TRY(reading->list("SELECT id, at, project, environment, kind, data FROM event WHERE id > ?1 "
                                    "AND ?2 IN ('', project) AND ?3 IN ('', environment) ORDER BY id LIMIT ?4",
                                    {after, filter.project, filter.environment, limit}, read));
    page.last_id = page.events.empty() ? after : page.events.back().id;
    return page;
}

Result<std::int64_t> Events::newest_id(Transaction* within)
{
    Reading reading(database_, within);
    const auto newest = TRY(reading->find("SELECT value FROM meta WHERE key = 'event.last'", {},
                                          [](const Row& row) { return std::stoll(row.text(0)); }));
    return newest.value_or(0);
}

}  // namespace ramet::storage
