#include "data/postgres/settings.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace ramet::data {
namespace {

/// Backslashes and quotes as postgresql.conf wants them.
std::string setting_text(std::string_view text)
{
    std::string result = "'";
    for (const char character : text) {
        if (character == '\'' || character == '\\') result += character;
        result += character;
    }
    return result + "'";
}

constexpr std::string_view always = R"(unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
shared_memory_type = mmap
huge_pages = off
jit = off
log_destination = 'stderr'
logging_collector = off
log_timezone = 'UTC'
timezone = 'UTC'
lc_messages = 'C.UTF-8'
lc_monetary = 'C.UTF-8'
lc_numeric = 'C.UTF-8'
lc_time = 'C.UTF-8'
default_text_search_config = 'pg_catalog.english'
bonjour = off
ssl = off
)";

constexpr std::string_view for_base = R"(fsync = on
full_page_writes = on
wal_level = replica
max_wal_senders = 8
wal_keep_size = 256MB
shared_buffers = 64MB
max_connections = 100
)";

/// A clone that is lost with the machine is made again. Nothing is written ahead of its need, so that its own blocks stay few.
constexpr std::string_view for_clones = R"(fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
wal_recycle = off
wal_init_zero = off
max_wal_size = 256MB
min_wal_size = 80MB
shared_buffers = 16MB
)";

/// Enough log for a copy while it serves: a snapshot.
constexpr std::string_view for_previews = R"(wal_level = replica
max_connections = 60
max_worker_processes = 4
max_parallel_workers = 2
checkpoint_timeout = 30min
)";

/// As many connections as the base has: recovery of its copy insists.
constexpr std::string_view for_preparing = R"(max_connections = 100
listen_addresses = ''
autovacuum = off
max_logical_replication_workers = 0
shared_preload_libraries = ''
archive_mode = off
)";

/// postmaster.pid, one value a line (PostgreSQL's pidfile.h): pid, data directory, start time, port, socket directory,
/// address, shared memory, status.
std::vector<std::string> read_pid_file(const Path& data_directory)
{
    const auto content = read_file(data_directory / "postmaster.pid", 64U << 10U);
    return content ? split(*content, '\n') : std::vector<std::string>();
}

}  // namespace

std::string server_configuration(const ServerSettings& settings)
{
    auto text = fmt::format(
        "data_directory = {}\nhba_file = {}\nident_file = {}\nunix_socket_directories = {}\nport = {}\n",
        setting_text(settings.data_directory.string()), setting_text((settings.configuration / "pg_hba.conf").string()),
        setting_text((settings.configuration / "pg_ident.conf").string()),
        setting_text(settings.socket_directory.string()), settings.port);
    text += "listen_addresses = '127.0.0.1'\n";
    text += always;
    const auto* memory = settings.shared_memory == SharedMemory::files ? "mmap" : "posix";
    text += fmt::format("dynamic_shared_memory_type = {}\n", memory);
    text += settings.use == ServerUse::base ? for_base : for_clones;
    if (settings.use == ServerUse::preview) text += for_previews;
    // The last one of a setting counts.
    if (settings.use == ServerUse::preparing) text += for_preparing;
    return text;
}

std::string access_rules(ServerUse use)
{
    // Only the owner of the socket's directory and root can reach the socket at all.
    std::string text = "local all ramet trust\n";
    if (use == ServerUse::preparing) return text + "local all all reject\n";
    text += "local replication ramet trust\nlocal all all reject\nhost all ramet all reject\nhost replication all all "
            "reject\n";
    return text + "host all all 127.0.0.1/32 scram-sha-256\n";
}

Result<void> write_plainly(const Path& path, std::string_view content)
{
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return std::unexpected(os_error("writing", path));
    if (::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        return std::unexpected(os_error("writing", path));
    return {};
}

Result<void> write_configuration(const ServerSettings& settings)
{
    TRY(write_plainly(settings.configuration / "postgresql.conf", server_configuration(settings)));
    TRY(write_plainly(settings.configuration / "pg_hba.conf", access_rules(settings.use)));
    return write_plainly(settings.configuration / "pg_ident.conf", "");
}

ServerState read_server_state(const Path& data_directory)
{
    constexpr std::size_t status_line = 7;
    const auto lines = read_pid_file(data_directory);
    if (lines.empty() || lines.front().empty()) return ServerState::absent;
    if (lines.size() <= status_line) return ServerState::starting;
    const auto status = trim(lines[status_line]);
    if (status == "ready" || status == "standby") return ServerState::ready;
    return status == "stopping" ? ServerState::stopping : ServerState::starting;
}

int read_server_pid(const Path& data_directory)
{
    const auto lines = read_pid_file(data_directory);
    int pid = 0;
    if (!lines.empty()) std::from_chars(lines.front().data(), lines.front().data() + lines.front().size(), pid);
    return pid;
}

}  // namespace ramet::data
