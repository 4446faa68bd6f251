#include "targets/local/service_driver.hpp"

#include "base/hash.hpp"
#include "targets/local/held_shim.hpp"
#include "targets/local/marks.hpp"
#include "targets/local/shim_driver.hpp"
#include "targets/local/values.hpp"

#include <cstdlib>

namespace ramet::targets::local {
namespace {

Path directory_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return service_shim_directory(machine.root, ref.mark.owner.str(), last_part(ref.path));
}

Path mark_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return directory_of(machine, ref) / "service.json";
}

ShimHealth health_of(const Json& spec)
{
    const auto& health = get_member(spec, "health");
    ShimHealth result;
    result.timeout = Milliseconds(get_int(health, "timeout_ms", 60'000));
    result.path = get_string(health, "path");
    const auto kind = get_string(health, "kind");
    result.kind = kind == "http" ? HealthKind::http : kind == "tcp" ? HealthKind::tcp : HealthKind::none;
    return result;
}

engine::Failed never_healthy(const engine::ResourceRef& ref, const ShimStatus& status)
{
    return {{ErrorKind::unavailable, fmt::format("{} did not become healthy: {}", ref.path, status.failure),
             status.evidence}};
}

unsigned uid_of(const Json& spec)
{
    return static_cast<unsigned>(std::strtoul(get_string(spec, "uid").c_str(), nullptr, 10));
}

}  // namespace

std::string version_of(const Json& spec)
{
    return sha256_hex(to_canonical_text(spec)).substr(0, 16);
}

Result<engine::Observation> ServiceDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto mark = TRY(find_mark(mark_of(machine_, ref)));
    engine::Observation observation{.presence = judge(mark, ref), .external_id = directory_of(machine_, ref).string()};
    if (observation.presence == engine::Presence::foreign)
        observation.evidence = "its shim was given to another resource";
    if (observation.presence != engine::Presence::ours) return observation;
    observation.identity = ref.mark.nonce;
    const auto status = TRY(find_shim(directory_of(machine_, ref)));
    observation.is_intact = status && status->program_nonce == ref.mark.nonce;
    if (!observation.is_intact) observation.evidence = "its shim runs nothing of it";
    return observation;
}

Result<ShimProgram> ServiceDriver::program_of(const engine::ResourceRef& ref) const
{
    const auto& spec = ref.spec;
    const auto environment = environment_of(machine_, ref);
    ShimProgram program;
    program.version = version_of(spec);
    program.nonce = ref.mark.nonce;
    program.arguments = command_arguments(get_member(spec, "run"));
    if (program.arguments.empty()) return fail(ErrorKind::invalid, "{} has no command to run", ref.path);
    program.directory = get_string(spec, "directory", (environment / "home").string());
    program.environment = TRY(open_variables(get_member(spec, "env"), machine_.secrets));
    program.environment.merge(clean_environment(environment / "home", environment / "tmp"));
    program.replicas = static_cast<int>(get_int(spec, "replicas", 1));
    program.strategy = get_string(spec, "strategy") == "recreate" ? ShimStrategy::recreate : ShimStrategy::rolling;
    program.health = health_of(spec);
    program.sandbox = project_sandbox(machine_, {environment, uid_of(spec), get_string(spec, "artefact")});
    return program;
}

Result<engine::Acknowledged> ServiceDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                                  const engine::Token&)
{
    const auto directory = directory_of(machine_, ref);
    const auto mark = TRY(find_mark(mark_of(machine_, ref)));
    if (judge(mark, ref) == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "the shim of {} was given to another resource", ref.path);
    const auto program = TRY(program_of(ref));
    if (!mark) TRY(write_mark(mark_of(machine_, ref), ref));
    TRY(deploy(directory, program));
    return engine::Acknowledged{directory.string(), ref.mark.nonce, {}};
}

Result<engine::Readiness> ServiceDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto status = TRY(find_shim(directory_of(machine_, ref)));
    if (!status) return engine::Failed{{ErrorKind::unavailable, fmt::format("the shim of {} ended", ref.path)}};
    const auto version = version_of(ref.spec);
    if (status->version == version && status->state == ShimState::healthy)
        return engine::Ready{{{"host", "127.0.0.1"}, {"port", std::to_string(status->port)}}};
    if (status->failed_version == version) return never_healthy(ref, *status);
    if (status->program_nonce != ref.mark.nonce)
        return engine::Failed{{ErrorKind::unavailable, fmt::format("the shim of {} has lost its program", ref.path)}};
    return engine::NotYet{Milliseconds(100), fmt::format("{} is {}", last_part(ref.path), to_string(status->state))};
}

Result<void> ServiceDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const auto mark = TRY(find_mark(mark_of(machine_, ref)));
    const auto presence = judge(mark, ref);
    if (presence == engine::Presence::absent) return {};
    if (presence == engine::Presence::foreign)
        return fail(ErrorKind::conflict, "the shim of {} was given to another resource", ref.path);
    TRY(check_identity(proof, ref.mark.nonce));
    const auto directory = directory_of(machine_, ref);
    // The mark goes when nothing runs any more, so that a removal that was cut off is taken up again.
    if (!TRY(end_program(directory))) return {};
    return remove_tree(mark_of(machine_, ref));
}

Result<std::vector<engine::InventoryItem>> ServiceDriver::inventory(const engine::Call&, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& environment : TRY(names_in(machine_.root / "environments"))) {
        const auto shims = machine_.root / "environments" / environment / "shims";
        for (const auto& name : TRY(names_in(shims))) {
            const auto mark = TRY(find_mark(shims / name / "service.json"));
            if (mark && mark->owner.install == install) items.push_back(to_item(*mark, mark->owner.nonce));
        }
    }
    return items;
}

engine::Driver::Change ServiceDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return old_spec == new_spec ? Change::keep : Change::update;
}

}  // namespace ramet::targets::local
