#include "targets/local/home_driver.hpp"

#include "targets/local/marks.hpp"
#include "targets/local/processes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace ramet::targets::local {
namespace {

constexpr const char* service_user = "home/service";
constexpr const char* database_user = "home/database";

Result<void> make_owned(const Path& directory, unsigned uid, unsigned mode)
{
    TRY(ensure_directory(directory, mode));
    if (runs_as_root() && ::chown(directory.c_str(), uid, uid) != 0)
        return std::unexpected(os_error("giving away", directory));
    return {};
}

/// Two users beside those that programs expect; the same names in every environment, because each sees only its own file.
std::string passwd_text(const Path& home, unsigned service, unsigned database)
{
    return fmt::format("root:x:0:0:root:/root:/bin/sh\n"
                       "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                       "app:x:{0}:{0}:app:{2}:/bin/sh\n"
                       "database:x:{1}:{1}:database:{2}:/bin/sh\n",
                       service, database, home.string());
}

std::string group_text(unsigned service, unsigned database)
{
    return fmt::format("root:x:0:\nnogroup:x:65534:\napp:x:{}:\ndatabase:x:{}:\n", service, database);
}

/// Shims that are still here lost their resources' rows; they hold on to files of this directory. False: not all have ended yet.
Result<bool> end_forgotten_shims(const Path& shims)
{
    bool all_ended = true;
    for (const auto& name : TRY(names_in(shims))) {
        TRY(stop_shim(shims / name, {.signal = SIGKILL, .grace = Milliseconds(0)}));
        const bool ended = !TRY(find_shim(shims / name)).has_value();
        if (ended) TRY(sweep_shim(shims / name));
        all_ended = all_ended && ended;
    }
    return all_ended;
}

unsigned number_of(const engine::Outputs& outputs, const std::string& name)
{
    const auto at = outputs.find(name);
    return at == outputs.end() ? 0 : static_cast<unsigned>(std::strtoul(at->second.c_str(), nullptr, 10));
}

}  // namespace

Result<engine::Observation> HomeDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return probe_marked_directory(environment_of(machine_, ref), ref);
}

Result<HomeDriver::Users> HomeDriver::ensure_users(const engine::ResourceRef& ref)
{
    if (!runs_as_root()) return Users{::geteuid(), ::geteuid()};
    const auto ensure = [&](std::string_view path) {
        return machine_.allocations.ensure(
            {.kind = "uid",
             .owner = ref.mark.owner.str(),
             .path = path,
             .first = first_uid,
             .last = last_uid,
             .is_usable = [](int uid) -> Result<bool> { return !TRY(has_processes(static_cast<unsigned>(uid))); }});
    };
    const int service = TRY(ensure(service_user));
    const int database = TRY(ensure(database_user));
    return Users{static_cast<unsigned>(service), static_cast<unsigned>(database)};
}

Result<void> HomeDriver::furnish(const Path& directory, const Users& users)
{
    TRY(ensure_directory(directory / "etc", 0755));
    TRY(write_quickly(directory / "etc" / "passwd", passwd_text(directory / "home", users.service, users.database),
                      0644));
    TRY(write_quickly(directory / "etc" / "group", group_text(users.service, users.database), 0644));
    TRY(make_owned(directory / "home", users.service, 0700));
    TRY(make_owned(directory / "tmp", users.service, 0700));
    TRY(ensure_directory(directory / "shims", 0700));
    TRY(ensure_directory(directory / "jobs", 0700));
    return ensure_directory(directory / "databases", 0711);
}

engine::Outputs HomeDriver::outputs_of(const Path& directory, const Users& users) const
{
    return {{"directory", directory.string()},
            {"service_uid", std::to_string(users.service)},
            {"database_uid", std::to_string(users.database)}};
}

Result<engine::Acknowledged> HomeDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                               const engine::Token&)
{
    const auto directory = environment_of(machine_, ref);
    TRY(ensure_marked_directory(directory, ref, 0711));
    const auto users = TRY(ensure_users(ref));
    TRY(furnish(directory, users));
    return engine::Acknowledged{directory.string(), TRY(identity_of_file(directory)), outputs_of(directory, users)};
}

Result<engine::Readiness> HomeDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto directory = environment_of(machine_, ref);
    const auto mark = TRY(find_mark(directory / "mark.json"));
    if (judge(mark, ref) != engine::Presence::ours)
        return engine::Failed{{ErrorKind::unavailable, "the environment's directory is gone"}};
    const auto users = TRY(ensure_users(ref));
    return engine::Ready{outputs_of(directory, users)};
}

Result<void> HomeDriver::end_users(const engine::ResourceRef& ref)
{
    if (!runs_as_root()) return {};
    for (const auto* output : {"service_uid", "database_uid"}) {
        // Only numbers of our own range, whatever a row says.
        const auto uid = number_of(ref.outputs, output);
        if (uid >= first_uid && uid <= last_uid) TRY(end_processes_of_user(machine_.shim_binary, uid));
    }
    return {};
}

Result<void> HomeDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const auto directory = environment_of(machine_, ref);
    TRY(check_identity(proof, TRY(identity_of_file(directory))));
    const auto mark = TRY(find_mark(directory / "mark.json"));
    if (judge(mark, ref) == engine::Presence::ours) {
        if (!TRY(end_forgotten_shims(directory / "shims"))) return {};
        TRY(end_users(ref));
    }
    // The directory goes last: as long as it is there, something is still to be done.
    TRY(machine_.allocations.release("uid", ref.mark.owner.str(), service_user));
    TRY(machine_.allocations.release("uid", ref.mark.owner.str(), database_user));
    return remove_marked_directory(directory, ref);
}

Result<std::vector<engine::InventoryItem>> HomeDriver::inventory(const engine::Call&, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    const auto root = machine_.root / "environments";
    for (const auto& name : TRY(names_in(root))) {
        const auto mark = TRY(find_mark(root / name / "mark.json"));
        if (mark && mark->owner.install == install) items.push_back(to_item(*mark, TRY(identity_of_file(root / name))));
    }
    return items;
}

engine::Driver::Change HomeDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return old_spec == new_spec ? Change::keep : Change::update;
}

}  // namespace ramet::targets::local
