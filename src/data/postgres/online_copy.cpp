#include "data/postgres/online_copy.hpp"

#include <unistd.h>

#include <charconv>

namespace ramet::data {
namespace {

constexpr Milliseconds patience{10 * 60'000};
constexpr int attempts = 5;
/// PostgreSQL 15 renamed both functions, and stopped to know another than this kind of backup.
constexpr int renamed_in = 150'000;

/// Between its two calls the server writes whole pages to its log, from a checkpoint on, and keeps that log: with it a copy that was made
/// meanwhile, file by file, is put right. Ends with the session, whatever becomes of this process.
class Backup {
public:
    static Result<Backup> begin(const OnlineCopy& request)
    {
        auto address = request.server;
        address.statement_timeout = patience;
        auto sql = TRY(SqlConnection::open(address));
        Backup backup(std::move(sql));
        TRY(backup.check_log());
        TRY(backup.sql_.query(
            "SELECT pg_create_physical_replication_slot('ramet_copy_' || pg_backend_pid(), true, true)"));
        const auto* statement = TRY(backup.is_renamed()) ? "SELECT pg_backup_start('ramet', true)"
                                                         : "SELECT pg_start_backup('ramet', true, false)";
        TRY(backup.sql_.query(statement));
        return backup;
    }

    /// What the copy needs as its backup_label. The log is kept until this object goes.
    Result<std::string> end()
    {
        const auto* statement = TRY(is_renamed()) ? "SELECT labelfile FROM pg_backup_stop(false)"
                                                  : "SELECT labelfile FROM pg_stop_backup(false, false)";
        const auto label = TRY(sql_.query_value(statement));
        if (label) return *label;
        return fail(ErrorKind::internal, "PostgreSQL ended the backup without a label");
    }

private:
    explicit Backup(SqlConnection sql) : sql_(std::move(sql)) {}

    Result<void> check_log()
    {
        const auto level = TRY(sql_.query_value("SHOW wal_level")).value_or("");
        if (level != "minimal") return {};
        Error error{ErrorKind::conflict, "the server keeps too little of its log for a copy while it serves"};
        error.evidence = "wal_level = " + level;
        error.next_step = "ramet preview redeploy NAME";
        return std::unexpected(std::move(error));
    }

    Result<bool> is_renamed()
    {
        const auto text = TRY(sql_.query_value("SHOW server_version_num")).value_or("");
        int version = 0;
        std::from_chars(text.data(), text.data() + text.size(), version);
        return version >= renamed_in;
    }

    SqlConnection sql_;
};

/// A folder that was dropped meanwhile ends one attempt.
Result<CloneResult> clone_served(const CloneRequest& request)
{
    for (int attempt = 1;; ++attempt) {
        auto made = clone_tree(request);
        const bool vanished = !made && made.error().kind == ErrorKind::not_found;
        if (!vanished || attempt == attempts) return made;
    }
}

CloneRequest request_for(const OnlineCopy& request, const Path& part)
{
    return {.source = part.empty() ? request.source : request.source / part,
            .destination = part.empty() ? request.destination : request.destination / part,
            .owner = request.owner,
            .stop = request.stop,
            .state = SourceState::served};
}

/// What belongs to the running server, and would be taken for one that runs on the copy.
Result<void> forget_server(const Path& copy)
{
    for (const auto* name : {"postmaster.pid", "postmaster.opts", "pg_wal", "backup_label.old"})
        TRY(remove_tree(copy / name));
    std::error_code error;
    for (const auto& slot : std::filesystem::directory_iterator(copy / "pg_replslot", error)) TRY(remove_tree(slot));
    return {};
}

Result<void> write_label(const OnlineCopy& request, const std::string& label)
{
    const auto path = request.destination / "backup_label";
    TRY(write_file(path, label));
    if (request.owner && ::chown(path.c_str(), request.owner->user, request.owner->group) != 0)
        return std::unexpected(os_error("giving away", path));
    return {};
}

Result<CloneResult> make_copy(const OnlineCopy& request)
{
    auto backup = TRY(Backup::begin(request));
    auto made = TRY(clone_served(request_for(request, {})));
    const auto label = TRY(backup.end());
    TRY(forget_server(request.destination));
    // Now it reaches to the end of the backup, and only now.
    const auto log = TRY(clone_served(request_for(request, "pg_wal")));
    made.bytes_copied += log.bytes_copied;
    made.files += log.files;
    TRY(write_label(request, label));
    return made;
}

}  // namespace

Result<CloneResult> copy_online(const OnlineCopy& request)
{
    if (TRY(look_for(request.destination)))
        return fail(ErrorKind::conflict, "{} exists: a copy is never put over something", request.destination.string());
    auto made = make_copy(request);
    if (made) return made;
    if (const auto removed = remove_clone(request.destination); !removed)
        made.error().evidence += fmt::format("\nwhat was half made could not be removed: {}", removed.error().message);
    return made;
}

}  // namespace ramet::data
