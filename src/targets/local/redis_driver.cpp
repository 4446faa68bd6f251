#include "targets/local/redis_driver.hpp"

#include "base/hash.hpp"
#include "targets/local/held_shim.hpp"
#include "targets/local/marks.hpp"
#include "targets/local/service_driver.hpp"
#include "targets/local/values.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace ramet::targets::local {
namespace {

Path directory_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return shim_directory(machine.root, ref.mark.owner.str(), fmt::format("database-{}", last_part(ref.path)));
}

/// What the server itself may see: its configuration and its working directory.
Path data_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return environment_of(machine, ref) / "databases" / last_part(ref.path);
}

unsigned uid_of(const Json& spec)
{
    return static_cast<unsigned>(std::strtoul(get_string(spec, "uid").c_str(), nullptr, 10));
}

/// In Redis' configuration a double-quoted string takes C's escapes.
std::string redis_text(std::string_view text)
{
    std::string out = "\"";
    for (const char character : text) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(character));
    return out + "\"";
}

std::string configuration(const Path& directory, int port, std::string_view password)
{
    return fmt::format("bind 127.0.0.1\nport {}\nprotected-mode yes\ndaemonize no\nsave \"\"\nappendonly no\ndir {}\n"
                       "maxmemory-policy noeviction\nlogfile \"\"\nrequirepass {}\n",
                       port, redis_text(directory.string()), redis_text(password));
}

engine::Outputs outputs_of(int port)
{
    return {{"host", "127.0.0.1"}, {"port", std::to_string(port)}};
}

}  // namespace

Result<engine::Observation> RedisDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return probe_held_shim(directory_of(machine_, ref), ref);
}

Result<void> RedisDriver::write_configuration(const engine::ResourceRef& ref, int port) const
{
    const auto password = TRY(open_value(get_member(ref.spec, "password"), machine_.secrets));
    const auto directory = data_of(machine_, ref);
    TRY(ensure_directory(directory.parent_path(), 0711));
    TRY(ensure_directory(directory, 0700));
    const auto file = directory / "redis.conf";
    TRY(write_quickly(file, configuration(directory, port, password), 0600));
    const auto uid = uid_of(ref.spec);
    if (!runs_as_root()) return {};
    for (const auto& path : {directory, file})
        if (::chown(path.c_str(), uid, uid) != 0) return std::unexpected(os_error("giving away", path));
    return {};
}

Result<ShimProgram> RedisDriver::program_of(const engine::ResourceRef& ref, int port) const
{
    const auto directory = data_of(machine_, ref);
    ShimProgram program;
    program.version = version_of(ref.spec);
    program.nonce = ref.mark.nonce;
    program.mode = ShimMode::supervise;
    // The password stands in the file only: arguments can be read by everybody.
    program.arguments = {"redis-server", (directory / "redis.conf").string()};
    program.directory = directory;
    program.environment = clean_environment(directory, directory);
    program.port = port;
    program.health.kind = HealthKind::tcp;
    program.health.timeout = Milliseconds(30'000);
    program.sandbox = project_sandbox(machine_, {environment_of(machine_, ref), uid_of(ref.spec), {}});
    program.sandbox.writable = {directory};
    program.sandbox.directories_over.clear();
    return program;
}

Result<engine::Acknowledged> RedisDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                                const engine::Token&)
{
    const auto directory = directory_of(machine_, ref);
    TRY(ensure_marked_directory(directory, ref));
    const int port = TRY(ensure_port(machine_, ref));
    TRY(write_configuration(ref, port));
    const auto program = TRY(program_of(ref, port));
    const auto status = TRY(ensure_held_shim({.binary = machine_.shim_binary,
                                              .directory = directory,
                                              .nonce = ref.mark.nonce,
                                              .label = fmt::format("{} {}", ref.mark.owner.str(), ref.path)}));
    TRY(deploy(directory, program));
    return engine::Acknowledged{directory.string(), status.identity, outputs_of(port)};
}

Result<engine::Readiness> RedisDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto status = TRY(find_shim(directory_of(machine_, ref)));
    if (!status) return engine::Failed{{ErrorKind::unavailable, fmt::format("the shim of {} ended", ref.path)}};
    const auto version = version_of(ref.spec);
    if (status->version == version && status->state == ShimState::healthy && !status->replicas.empty())
        return engine::Ready{outputs_of(status->replicas.front().port)};
    if (status->failed_version == version)
        return engine::Failed{{ErrorKind::unavailable,
                               fmt::format("Redis of {} did not start: {}", ref.path, status->failure),
                               status->evidence}};
    return engine::NotYet{Milliseconds(100), fmt::format("Redis is {}", to_string(status->state))};
}

Result<void> RedisDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto directory = directory_of(machine_, proof.resource);
    if (!TRY(end_held_shim(directory, proof))) return {};
    const auto mark = TRY(find_mark(directory / "mark.json"));
    if (judge(mark, proof.resource) == engine::Presence::ours) {
        TRY(remove_tree(data_of(machine_, proof.resource)));
        TRY(release_port(machine_, proof.resource));
    }
    return remove_marked_directory(directory, proof.resource);
}

Result<std::vector<engine::InventoryItem>> RedisDriver::inventory(const engine::Call&, const std::string& install)
{
    auto items = TRY(list_held_shims(machine_.root, {.install = install, .prefix = "database-"}));
    std::erase_if(items, [](const auto& item) { return item.kind != "redis.server"; });
    return items;
}

engine::Driver::Change RedisDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return old_spec == new_spec ? Change::keep : Change::update;
}

}  // namespace ramet::targets::local
