#pragma once

#include "targets/local/machine.hpp"
#include "targets/target.hpp"

namespace ramet::targets::local {

/// The embedded target: processes of this machine, with no Docker and no Kubernetes.
class LocalTarget final : public Target {
public:
    explicit LocalTarget(Machine machine) : machine_(machine) {}

    Result<void> check_reachable(const TargetDeclaration&) override { return {}; }
    Result<engine::Graph> render(const DesiredEnvironment& desired) const override;
    Result<engine::Graph> render_before_delete(const DesiredEnvironment& desired) const override;
    std::vector<std::string> not_enforced(TargetType type) const override;

private:
    Machine machine_;
};

}  // namespace ramet::targets::local
