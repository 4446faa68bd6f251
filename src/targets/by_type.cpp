#include "targets/by_type.hpp"

#include "domain/project_file.hpp"

#include <algorithm>

namespace ramet::targets {

namespace {

bool is_on_a_cluster(const engine::ResourceView& resource)
{
    return resource.ref.kind.starts_with("kubernetes.");
}

}  // namespace

TargetType type_of(std::span<const engine::ResourceView> resources)
{
    return std::ranges::any_of(resources, is_on_a_cluster) ? TargetType::kubernetes : TargetType::local;
}

Result<std::vector<ServiceStatus>> InspectorTable::inspect_services(std::span<const engine::ResourceView> resources)
{
    return inspectors_.at(type_of(resources))->inspect_services(resources);
}

Result<std::vector<Drift>> InspectorTable::find_drift(std::span<const engine::ResourceView> resources)
{
    return inspectors_.at(type_of(resources))->find_drift(resources);
}

Result<std::unique_ptr<Log>> InspectorTable::open_log(std::span<const engine::ResourceView> resources,
                                                      const std::string& part, const LogRequest& request)
{
    return inspectors_.at(type_of(resources))->open_log(resources, part, request);
}

Result<RunningCommand> LocalOnlyAttacher::start_command(std::span<const engine::ResourceView> resources,
                                                        const CommandRequest& request)
{
    if (type_of(resources) == TargetType::local) return local_.start_command(resources, request);
    const auto on_cluster = std::ranges::find_if(resources, [](const auto& resource) {
        return is_on_a_cluster(resource) && !get_string(resource.ref.spec, "namespace").empty();
    });
    Error error{ErrorKind::refused, "commands are not run on a cluster from here yet"};
    if (on_cluster != resources.end())
        error.next_step = fmt::format("kubectl --context {} --namespace {} exec deployment/{} -- …",
                                      get_string(on_cluster->ref.spec, "cluster"),
                                      get_string(on_cluster->ref.spec, "namespace"), request.service);
    return std::unexpected(std::move(error));
}

}  // namespace ramet::targets
