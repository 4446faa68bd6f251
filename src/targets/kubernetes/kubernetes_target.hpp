#pragma once

#include "targets/kubernetes/cluster.hpp"
#include "targets/target.hpp"

namespace ramet::targets::kubernetes {

/// A namespace for each environment, in the cluster that its target names.
class KubernetesTarget final : public Target {
public:
    /// `clusters` outlives it.
    explicit KubernetesTarget(Clusters& clusters) : clusters_(clusters) {}

    Result<void> check_reachable(const TargetDeclaration& declared) override;
    Result<engine::Graph> render(const DesiredEnvironment& desired) const override;
    Result<engine::Graph> render_before_delete(const DesiredEnvironment& desired) const override;
    std::vector<std::string> not_enforced(TargetType type) const override;

private:
    Clusters& clusters_;
};

}  // namespace ramet::targets::kubernetes
