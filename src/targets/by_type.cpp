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

Result<RunningCommand> AttacherTable::start_command(std::span<const engine::ResourceView> resources,
                                                    const CommandRequest& request)
{
    return attachers_.at(type_of(resources))->start_command(resources, request);
}

/// Each has words of its own.
std::optional<CommandEnding> AttacherTable::read_ending(std::string_view said) const
{
    for (const auto& [type, attacher] : attachers_)
        if (auto ending = attacher->read_ending(said)) return ending;
    return std::nullopt;
}

Result<Fd> AttacherTable::connect(std::span<const engine::ResourceView> resources, const ConnectionRequest& request)
{
    return attachers_.at(type_of(resources))->connect(resources, request);
}

}  // namespace ramet::targets
