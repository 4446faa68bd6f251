#include "storage/audit.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

const std::string columns = "id, at, actor, action, project, subject, detail, prev_hash, hash";
constexpr std::string_view head_key = "audit.head";

AuditRecord read(const Row& row)
{
    return {row.integer(0), row.time(1), row.text(2), row.text(3), row.text(4),
            row.text(5),    row.text(6), row.text(7), row.text(8)};
}

std::string hash_of(const AuditRecord& record)
{
    return short_hash({std::to_string(record.id), std::to_string(record.at.time_since_epoch().count()), record.actor,
                       record.action, record.project, record.subject, record.detail, record.prev_hash},
                      64);
}

std::string head_text(const AuditRecord& last)
{
    return last.id == 0 ? std::string() : fmt::format("{} {}", last.id, last.hash);
}

Result<std::string> find_head(Connection& connection)
{
    const auto head = TRY(connection.find("SELECT value FROM meta WHERE key = ?", {head_key},
                                          [](const Row& row) { return row.text(0); }));
    return head.value_or(std::string());
}

std::unexpected<Error> broken(const AuditRecord& record, std::string_view how)
{
    Error error{ErrorKind::integrity, fmt::format("the audit log is broken at record {}: {}", record.id, how)};
    error.evidence = fmt::format("{} {} {} {}", to_rfc3339(record.at), record.actor, record.action, record.subject);
    error.next_step = "compare it with a backup of the data directory";
    return std::unexpected(std::move(error));
}

Result<void> check_link(const AuditRecord& last, const AuditRecord& record)
{
    if (record.id != last.id + 1)
        return broken(record, fmt::format("the record before it, {}, is missing", record.id - 1));
    if (record.prev_hash != last.hash) return broken(record, "it does not follow the record before it");
    if (record.hash != hash_of(record)) return broken(record, "it was edited");
    return {};
}

}  // namespace

Result<void> Audit::append(Transaction& transaction, AuditRecord record)
{
    // The kept head, not the last row: a log that was cut off must not be continued as if nothing had happened.
    const auto head = split(TRY(find_head(*transaction)), ' ');
    record.id = head.size() == 2 ? std::stoll(head[0]) + 1 : 1;
    record.prev_hash = head.size() == 2 ? head[1] : std::string();
    record.hash = hash_of(record);
    TRY(transaction->execute("INSERT INTO audit (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?)",
                             {record.id, record.at, record.actor, record.action, record.project, record.subject,
                              record.detail, record.prev_hash, record.hash}));
    return put_meta(transaction, head_key, head_text(record));
}

Result<std::vector<AuditRecord>> Audit::list(std::int64_t after, int limit, std::string_view project,
                                             Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns + " FROM audit WHERE id > ?1 AND ?2 IN ('', project) ORDER BY id LIMIT ?3",
                         {after, project, limit}, read);
}

Result<std::int64_t> Audit::verify()
{
    Reading reading(database_, nullptr);
    AuditRecord last;
    // One statement for records and head: an append between two would look like a cut.
    std::string head;
    const auto follow = [&](const Row& row) -> Result<void> {
        auto record = read(row);
        TRY(check_link(last, record));
        last = std::move(record);
        head = row.text(9);
        return {};
    };
    TRY(reading->for_each("SELECT " + columns +
                              ", (SELECT value FROM meta WHERE key = 'audit.head') FROM audit ORDER BY id",
                          {}, follow));
    if (last.id == 0) head = TRY(find_head(*reading));
    if (head != head_text(last))
        return broken(last, "what came after it was cut off, or the log is not the one that was kept");
    return last.id;
}

}  // namespace ramet::storage
