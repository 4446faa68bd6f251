#include "targets/local/postgres/options.hpp"

#include "base/hash.hpp"
#include "targets/local/machine.hpp"

#include <dirent.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>

namespace ramet::targets::postgres {
namespace {

/// Nobody's name and nobody's process: another installation on this machine, or what an earlier one has left, may use it.
Result<bool> is_user_free(int user)
{
    if (::getpwuid(static_cast<uid_t>(user)) != nullptr) return false;
    const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
    if (!processes) return std::unexpected(os_error("listing", "/proc"));
    while (const auto* entry = ::readdir(processes.get())) {
        struct stat status{};
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        if (::fstatat(::dirfd(processes.get()), entry->d_name, &status, 0) == 0 &&
            status.st_uid == static_cast<uid_t>(user))
            return false;
    }
    return true;
}

}  // namespace

Result<void> check_version(const PostgresOptions& options, std::string_view version)
{
    const bool is_number = !version.empty() && version.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_number && ::access(options.program(version, "postgres").c_str(), X_OK) == 0) return {};
    Error error{ErrorKind::not_found, fmt::format("PostgreSQL {} is not installed", version)};
    error.evidence = fmt::format("no {}", options.program(version, "postgres").string());
    error.next_step = fmt::format("apt-get install postgresql-{}", version);
    return std::unexpected(std::move(error));
}

Result<data::Owner> ensure_user(const PostgresOptions& options, std::string_view owner, std::string_view path)
{
    if (::geteuid() != 0) return data::Owner{::geteuid(), ::getegid()};
    const auto number = TRY(options.allocations->ensure({.kind = "uid",
                                                         .owner = owner,
                                                         .path = path,
                                                         .first = options.users.first,
                                                         .last = options.users.last,
                                                         .is_usable = is_user_free}));
    return data::Owner{static_cast<uid_t>(number), static_cast<gid_t>(number)};
}

Result<void> release_user(const PostgresOptions& options, std::string_view owner, std::string_view path)
{
    if (::geteuid() != 0) return {};
    return options.allocations->release("uid", owner, path);
}

Result<int> ensure_port(const PostgresOptions& options, std::string_view owner, std::string_view path)
{
    return options.allocations->ensure({.kind = "port",
                                        .owner = owner,
                                        .path = path,
                                        .first = options.ports.first,
                                        .last = options.ports.last,
                                        .is_usable = local::is_port_free});
}

Result<void> release_port(const PostgresOptions& options, std::string_view owner, std::string_view path)
{
    return options.allocations->release("port", owner, path);
}

Path socket_folder(const PostgresOptions& options, std::string_view name)
{
    return options.sockets / short_hash({name}, 10);
}

Result<Path> socket_directory(const PostgresOptions& options, std::string_view name, const Path& data)
{
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    constexpr auto socket_name = std::string_view("/.s.PGSQL.65535.lock").size();
    auto directory = socket_folder(options, name) / short_hash({data.string()}, 6);
    if (directory.string().size() + socket_name <= longest) return directory;
    Error error{ErrorKind::invalid, fmt::format("{} is too long for a PostgreSQL socket", directory.string())};
    error.next_step = "use a --data-dir with a shorter path";
    return std::unexpected(std::move(error));
}

std::string passwd_file(const data::Owner& user)
{
    auto text = std::string("root:x:0:0:root:/root:/usr/sbin/nologin\n");
    if (user.user != 0)
        text += fmt::format("postgres:x:{}:{}:PostgreSQL:/nonexistent:/usr/sbin/nologin\n", user.user, user.group);
    return text;
}

}  // namespace ramet::targets::postgres
