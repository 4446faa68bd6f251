#include "targets/local/shim_driver.hpp"

#include "targets/local/held_shim.hpp"
#include "targets/local/marks.hpp"

namespace ramet::targets::local {
namespace {

Path directory_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return service_shim_directory(machine.root, ref.mark.owner.str(), last_part(ref.path));
}

engine::Outputs outputs_of(int port)
{
    return {{"host", "127.0.0.1"}, {"port", std::to_string(port)}};
}

}  // namespace

Path service_shim_directory(const Path& root, std::string_view environment, std::string_view service)
{
    return shim_directory(root, environment, fmt::format("service-{}", service));
}

Result<engine::Observation> ShimDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return probe_held_shim(directory_of(machine_, ref), ref);
}

Result<engine::Acknowledged> ShimDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                               const engine::Token&)
{
    const auto directory = directory_of(machine_, ref);
    TRY(ensure_marked_directory(directory, ref));
    const int port = TRY(ensure_port(machine_, ref));
    const auto status = TRY(ensure_held_shim({.binary = machine_.shim_binary,
                                              .directory = directory,
                                              .nonce = ref.mark.nonce,
                                              .label = fmt::format("{} {}", ref.mark.owner.str(), ref.path),
                                              .port = port}));
    return engine::Acknowledged{directory.string(), status.identity, outputs_of(port)};
}

Result<engine::Readiness> ShimDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto status = TRY(find_shim(directory_of(machine_, ref)));
    if (status) return engine::Ready{outputs_of(status->port)};
    return engine::Failed{{ErrorKind::unavailable, fmt::format("the shim of {} ended", ref.path)}};
}

Result<void> ShimDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto directory = directory_of(machine_, proof.resource);
    if (!TRY(end_held_shim(directory, proof))) return {};
    TRY(release_port(machine_, proof.resource));
    return remove_marked_directory(directory, proof.resource);
}

Result<std::vector<engine::InventoryItem>> ShimDriver::inventory(const engine::Call&, const std::string& install)
{
    return list_held_shims(machine_.root, {.install = install, .prefix = "service-"});
}

engine::Driver::Change ShimDriver::classify_change(const Json&, const Json&) const
{
    // The address of a service never changes while its environment lives.
    return Change::keep;
}

}  // namespace ramet::targets::local
