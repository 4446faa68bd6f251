#include "targets/local/postgres/golden_making.hpp"

#include "base/json.hpp"
#include "base/subprocess.hpp"
#include "data/postgres/scrub.hpp"
#include "targets/local/postgres/task.hpp"

#include <unistd.h>

namespace ramet::targets::postgres {
namespace {

constexpr auto copy_shim = "copy";
constexpr auto recovery_shim = "recovery";
/// In `work`: when the copy was begun; that it is whole; that it is scrubbed, with the schema's hash.
constexpr auto begun_name = "begun";
constexpr auto copied_name = "copied";
constexpr auto scrubbed_name = "scrubbed";

std::string uid_path(const engine::ResourceRef& ref)
{
    return "golden/" + ref.name;
}

/// A copy that was not stopped in order would be recovered by each of its clones.
Result<void> check_clean_stop(const Path& program, const Path& data)
{
    const auto words =
        TRY(run_checked({.arguments = {program.string(), "-D", data.string()}, .environment = {{"LC_ALL", "C"}}}));
    if (words.contains("Database cluster state:               shut down\n")) return {};
    Error error{ErrorKind::conflict, "the golden copy did not stop in order"};
    error.evidence = words.substr(0, 400);
    return std::unexpected(std::move(error));
}

}  // namespace

Result<GoldenMaking::Progress> GoldenMaking::advance(Time now) const
{
    if (auto golden = TRY(goldens_.find(GoldenId(ref_.name)))) return tidy(std::move(*golden));
    if (auto waiting = TRY(copy(now))) return *waiting;
    if (auto waiting = TRY(recover_and_scrub())) return *waiting;
    if (auto waiting = TRY(stop())) return *waiting;
    return publish();
}

Result<std::optional<GoldenMaking::Progress>> GoldenMaking::copy(Time now) const
{
    if (TRY(look_for(work() / copied_name))) return std::nullopt;
    const auto task = copy_task();
    const auto result = TRY(advance_task(task, [&] { return prepare_copy(now); }));
    if (!result) return Progress{std::nullopt, "pg_basebackup copies the base"};
    if (result->exit_code != 0) return std::unexpected(task_failure("copying the base", task.directory, *result));
    TRY(prepare_recovery());
    TRY(write_file(work() / copied_name, ""));
    return std::nullopt;
}

Result<void> GoldenMaking::prepare_copy(Time now) const
{
    TRY(remove_tree(work()));
    TRY(data::remove_clone(data()));
    TRY(data::create_cloneable(data()));
    TRY(ensure_directory(work() / copy_shim));
    // The age of the data counts from here: later changes of the base may be missing.
    return write_file(work() / begun_name, to_rfc3339(now));
}

local::ShimStart GoldenMaking::copy_task() const
{
    local::ShimProgram program;
    program.version = "copy";
    program.nonce = ref_.mark.nonce;
    program.mode = local::ShimMode::task;
    program.arguments = {options_.program(get_string(ref_.spec, "version"), "pg_basebackup").string(),
                         "--pgdata=" + data().string(),
                         "--host=" + get_string(ref_.spec, "socket_directory"),
                         "--port=" + get_string(ref_.spec, "port"),
                         "--username=ramet",
                         "--checkpoint=fast",
                         "--wal-method=stream",
                         "--no-sync",
                         "--no-manifest",
                         "--no-password"};
    program.environment = {{"LC_ALL", "C.UTF-8"}, {"PATH", "/usr/bin:/bin"}, {"HOME", "/nonexistent"}};
    // Root, because the base's socket is closed to everybody else but the base.
    program.sandbox.uid = ::geteuid();
    program.sandbox.gid = ::getegid();
    program.time_limit = Milliseconds(6 * 3'600'000);
    return {.binary = options_.shim_binary,
            .directory = work() / copy_shim,
            .nonce = ref_.mark.nonce,
            .label = "golden copy " + get_string(ref_.spec, "database"),
            .program = program};
}

Result<void> GoldenMaking::prepare_recovery() const
{
    const auto user = TRY(ensure_user(options_, get_string(ref_.spec, "project"), uid_path(ref_)));
    // Settings made inside the base (ALTER SYSTEM) may name files and programs of the base.
    TRY(remove_tree(data() / "postgresql.auto.conf"));
    return data::change_owner(data(), user);
}

Result<data::ServerSettings> GoldenMaking::settings() const
{
    constexpr int names_the_socket = 5432;
    data::ServerSettings settings;
    settings.use = data::ServerUse::preparing;
    settings.port = names_the_socket;
    settings.data_directory = data();
    settings.socket_directory = TRY(socket_directory(options_, ref_.name, data()));
    settings.shared_memory = shared_memory_here();
    settings.configuration = work() / "etc";
    return settings;
}

Result<std::optional<GoldenMaking::Progress>> GoldenMaking::recover_and_scrub() const
{
    if (TRY(look_for(work() / scrubbed_name))) return std::nullopt;
    const auto place = TRY(settings());
    const auto user = TRY(owner_of(data()));
    const ServerProgram server{place, user, get_string(ref_.spec, "version"), ref_.mark.nonce};
    const auto program = server_program(options_, server);
    auto status = TRY(local::find_shim(work() / recovery_shim));
    if (!status) {
        TRY(prepare_server(server));
        status = TRY(local::ensure_shim({.binary = options_.shim_binary,
                                         .directory = work() / recovery_shim,
                                         .nonce = ref_.mark.nonce,
                                         .label = "golden recovery " + get_string(ref_.spec, "database"),
                                         .program = program}));
    }
    if (auto failure = server_failure(*status, program, work() / recovery_shim))
        return std::unexpected(std::move(*failure));
    if (!is_accepting(*status, program, data())) return Progress{std::nullopt, "the copy recovers"};
    TRY(scrub(place));
    return std::nullopt;
}

Result<void> GoldenMaking::scrub(const data::ServerSettings& settings) const
{
    data::SqlAddress address{.host = settings.socket_directory.string(), .port = settings.port};
    TRY(data::scrub_cluster(address));
    address.database = get_string(ref_.spec, "database_name");
    const auto hash = TRY(data::schema_hash(address));
    return write_file(work() / scrubbed_name, hash);
}

Result<std::optional<GoldenMaking::Progress>> GoldenMaking::stop() const
{
    const auto shim = work() / recovery_shim;
    if (!TRY(local::find_shim(shim))) return std::nullopt;
    TRY(local::stop_shim(shim, {.signal = SIGINT, .grace = Milliseconds(120'000)}));
    return Progress{std::nullopt, "the copy stops"};
}

Result<GoldenMaking::Progress> GoldenMaking::publish() const
{
    const auto version = get_string(ref_.spec, "version");
    TRY(check_clean_stop(options_.program(version, "pg_controldata"), data()));
    TRY(remove_tree(data() / "postmaster.opts"));
    data::Golden golden;
    golden.id = GoldenId(ref_.name);
    golden.source = {ProjectId(get_string(ref_.spec, "project")), get_string(ref_.spec, "environment"),
                     get_string(ref_.spec, "database")};
    golden.version = version;
    golden.schema_hash = TRY(read_file(work() / scrubbed_name));
    const auto begun = TRY(read_file(work() / begun_name));
    golden.made_at = TRY(parse_rfc3339(begun));
    auto published = TRY(goldens_.publish(golden));
    return tidy(std::move(published));
}

/// Also after a crash between publishing and tidying.
Result<GoldenMaking::Progress> GoldenMaking::tidy(data::Golden golden) const
{
    if (TRY(look_for(work()))) {
        TRY(abandon());
        TRY(remove_tree(work()));
    }
    return Progress{std::move(golden), ""};
}

Result<void> GoldenMaking::abandon() const
{
    for (const auto* name : {copy_shim, recovery_shim})
        if (TRY(look_for(work() / name))) TRY(end_shim(work() / name, {.signal = SIGQUIT, .grace = Milliseconds(500)}));
    TRY(data::remove_tree_quickly(socket_folder(options_, ref_.name)));
    return release_user(options_, get_string(ref_.spec, "project"), uid_path(ref_));
}

}  // namespace ramet::targets::postgres
