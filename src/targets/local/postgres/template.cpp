#include "targets/local/postgres/template.hpp"

#include "base/file_lock.hpp"
#include "data/clone/btrfs.hpp"
#include "targets/local/postgres/sandbox.hpp"
#include "targets/local/postgres/task.hpp"

#include <unistd.h>

namespace ramet::targets::postgres {
namespace {

constexpr auto marker_name = "made";
constexpr auto data_name = "data";
constexpr auto work_name = "work";
/// Holder of the user id that initdb runs as.
constexpr std::string_view installation = "installation";

bool is_made(const Path& folder)
{
    return ::access((folder / marker_name).c_str(), F_OK) == 0;
}

local::ShimStart initdb_task(const PostgresOptions& options, const Path& folder, const std::string& version,
                             const data::Owner& user)
{
    const auto data = folder / data_name;
    local::ShimProgram program;
    program.version = version;
    program.nonce = version;
    program.mode = local::ShimMode::task;
    program.arguments = {options.program(version, "initdb").string(),
                         "-D",
                         data.string(),
                         "-U",
                         "ramet",
                         "--auth=trust",
                         "--encoding=UTF8",
                         "--locale=C.UTF-8",
                         "--wal-segsize=4",
                         "--no-sync",
                         "--no-instructions"};
    program.environment = {{"LC_ALL", "C.UTF-8"}, {"PATH", "/usr/bin:/bin"}, {"TZ", "UTC"}};
    program.sandbox = sandbox_of(options, user, folder / "passwd");
    program.sandbox.writable = {data};
    program.time_limit = Milliseconds(120'000);
    return {.binary = options.shim_binary,
            .directory = folder / work_name,
            .nonce = version,
            .label = "initdb " + version,
            .program = program};
}

}  // namespace

Result<std::optional<Path>> Templates::advance(const std::string& version) const
{
    TRY(check_version(options_, version));
    if (is_made(folder(version))) return folder(version) / data_name;
    TRY(ensure_directory(folder(version)));
    const auto lock = TRY(try_lock_file(folder(version) / ".lock"));
    if (!lock) return std::nullopt;
    if (is_made(folder(version))) return folder(version) / data_name;
    return make(version);
}

Result<std::optional<Path>> Templates::make(const std::string& version) const
{
    const auto user = TRY(ensure_user(options_, installation, "template/" + version));
    const auto task = initdb_task(options_, folder(version), version, user);
    const auto result = TRY(advance_task(task, [&] { return prepare(version, user); }));
    if (!result) return std::nullopt;
    if (result->exit_code == 0) return TRY(finish(version));
    auto error = task_failure(fmt::format("initialising PostgreSQL {}", version), task.directory, *result);
    TRY(remove_tree(task.directory));
    return std::unexpected(std::move(error));
}

/// Takes away what an attempt that was killed has left.
Result<void> Templates::prepare(const std::string& version, const data::Owner& user) const
{
    const auto data = folder(version) / data_name;
    TRY(remove_tree(folder(version) / work_name));
    TRY(data::remove_clone(data));
    TRY(data::create_cloneable(data));
    TRY(data::change_owner(data, user));
    TRY(ensure_directory(folder(version) / work_name));
    return write_file(folder(version) / "passwd", passwd_file(user), 0644);
}

Result<Path> Templates::finish(const std::string& version) const
{
    const auto data = folder(version) / data_name;
    TRY(data::change_owner(data, {::geteuid(), ::getegid()}));
    if (data::btrfs::is_subvolume(data)) TRY(data::btrfs::set_access(data, data::btrfs::Access::read_only));
    TRY(remove_tree(folder(version) / work_name));
    const auto opened = TRY(data::open_directory(folder(version)));
    if (::syncfs(opened.get()) != 0) return std::unexpected(os_error("writing back", folder(version)));
    TRY(write_file(folder(version) / marker_name, ""));
    TRY(release_user(options_, installation, "template/" + version));
    return data;
}

}  // namespace ramet::targets::postgres
