#pragma once

#include "targets/attacher.hpp"
#include "targets/inspector.hpp"

#include <map>

namespace ramet::targets {

/// Where the resources of an environment are; local while there are none.
TargetType type_of(std::span<const engine::ResourceView> resources);

/// Looks at each environment as its target does.
class InspectorTable final : public Inspector {
public:
    /// One for each type that environments can have; all of them outlive it.
    explicit InspectorTable(std::map<TargetType, Inspector*> inspectors) : inspectors_(std::move(inspectors)) {}

    Result<std::vector<ServiceStatus>> inspect_services(std::span<const engine::ResourceView> resources) override;
    Result<std::vector<Drift>> find_drift(std::span<const engine::ResourceView> resources) override;
    Result<std::unique_ptr<Log>> open_log(std::span<const engine::ResourceView> resources, const std::string& part,
                                          const LogRequest& request) override;

private:
    std::map<TargetType, Inspector*> inspectors_;
};

class AttacherTable final : public Attacher {
public:
    /// One for each type that environments can have; all of them outlive it.
    explicit AttacherTable(std::map<TargetType, Attacher*> attachers) : attachers_(std::move(attachers)) {}

    Result<RunningCommand> start_command(std::span<const engine::ResourceView> resources,
                                         const CommandRequest& request) override;
    std::optional<CommandEnding> read_ending(std::string_view said) const override;
    Result<Fd> connect(std::span<const engine::ResourceView> resources, const ConnectionRequest& request) override;

private:
    std::map<TargetType, Attacher*> attachers_;
};

}  // namespace ramet::targets
