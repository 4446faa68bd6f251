#include "storage/queue.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {

Result<void> CapacityQueue::enqueue(Transaction& transaction, const Place& place)
{
    return discard_count(
        transaction->execute("INSERT INTO queue (environment, project, reason, queued_at) VALUES (?,?,?,?) "
                             "ON CONFLICT (environment) DO UPDATE SET reason = excluded.reason",
                             {place.environment, place.project, place.reason, place.queued_at}));
}

Result<void> CapacityQueue::remove(Transaction& transaction, const EnvironmentId& environment)
{
    return discard_count(transaction->execute("DELETE FROM queue WHERE environment = ?", {environment}));
}

Result<std::vector<CapacityQueue::Place>> CapacityQueue::list(Transaction* within)
{
    Reading reading(database_, within);
    return reading->list(
        "SELECT environment, project, reason, queued_at FROM queue ORDER BY place", {},
        [](const Row& row) { return Place{row.id<EnvironmentId>(0), row.id<ProjectId>(1), row.text(2), row.time(3)}; });
}

}  // namespace ramet::storage
