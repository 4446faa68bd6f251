#include "targets/local/postgres/server_program.hpp"

#include "base/hash.hpp"
#include "targets/local/postgres/sandbox.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ramet::targets::postgres {

local::ShimProgram server_program(const PostgresOptions& options, const ServerProgram& server)
{
    const auto& settings = server.settings;
    local::ShimProgram program;
    program.version =
        short_hash({server.version, data::server_configuration(settings), data::access_rules(settings.use)});
    program.nonce = server.nonce;
    program.mode = local::ShimMode::supervise;
    program.arguments = {options.program(server.version, "postgres").string(),
                         fmt::format("--config_file={}", (settings.configuration / "postgresql.conf").string())};
    program.environment = {{"LC_ALL", "C.UTF-8"}, {"PATH", "/usr/bin:/bin"}, {"TZ", "UTC"}};
    program.port = settings.use == data::ServerUse::preparing ? 0 : settings.port;
    program.strategy = local::ShimStrategy::recreate;
    if (program.port != 0) program.health.kind = local::HealthKind::tcp;
    program.sandbox = sandbox_of(options, server.user, settings.configuration / "passwd");
    program.sandbox.read_only = {settings.configuration};
    program.sandbox.writable = {settings.data_directory, settings.socket_directory};
    // Smart shutdown would wait for clients for ever; fast shutdown disconnects them and still checkpoints.
    program.stop_signal = SIGINT;
    program.grace = Milliseconds(60'000);
    return program;
}

data::SharedMemory shared_memory_here()
{
    return ::geteuid() == 0 ? data::SharedMemory::private_dev_shm : data::SharedMemory::files;
}

Result<void> prepare_server(const ServerProgram& server)
{
    const auto& settings = server.settings;
    TRY(ensure_directory(settings.configuration, 0755));
    TRY(ensure_directory(settings.socket_directory.parent_path(), 0711));
    TRY(ensure_directory(settings.socket_directory, 0700));
    if (::chown(settings.socket_directory.c_str(), server.user.user, server.user.group) != 0)
        return std::unexpected(os_error("giving away", settings.socket_directory));
    TRY(data::write_configuration(settings));
    return data::write_plainly(settings.configuration / "passwd", passwd_file(server.user));
}

Result<data::Owner> owner_of(const Path& data_directory)
{
    struct stat status{};
    if (::stat(data_directory.c_str(), &status) != 0) return std::unexpected(os_error("reading", data_directory));
    return data::Owner{status.st_uid, status.st_gid};
}

bool is_accepting(const local::ShimStatus& status, const local::ShimProgram& program, const Path& data_directory)
{
    if (data::read_server_state(data_directory) != data::ServerState::ready) return false;
    // A pid file that a killed server has left tells of another process.
    const int pid = data::read_server_pid(data_directory);
    return std::ranges::any_of(status.replicas, [&](const local::ShimReplica& replica) {
        return replica.version == program.version && replica.pid == pid;
    });
}

std::optional<Error> server_failure(const local::ShimStatus& status, const local::ShimProgram& program,
                                    const Path& shim)
{
    const bool failed = status.failed_version == program.version || status.state == local::ShimState::crash_loop ||
                        status.state == local::ShimState::failed;
    if (!failed) return std::nullopt;
    Error error{ErrorKind::conflict, fmt::format("PostgreSQL does not start: {}", status.failure)};
    error.evidence = local::last_log_lines(shim);
    if (error.evidence.empty()) error.evidence = status.evidence;
    return error;
}

}  // namespace ramet::targets::postgres
