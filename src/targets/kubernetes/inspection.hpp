#pragma once

#include "targets/inspector.hpp"
#include "targets/kubernetes/cluster.hpp"

namespace ramet::targets::kubernetes {

/// Looks at what the watches of a cluster have told; only logs are asked for.
class KubernetesInspector final : public Inspector {
public:
    /// `clusters` outlives it.
    explicit KubernetesInspector(Clusters& clusters) : clusters_(clusters) {}

    Result<std::vector<ServiceStatus>> inspect_services(std::span<const engine::ResourceView> resources) override;
    /// As the cluster still has it: that of pods that are gone is gone with them.
    Result<std::unique_ptr<Log>> open_log(std::span<const engine::ResourceView> resources, const std::string& part,
                                          const LogRequest& request) override;

private:
    Clusters& clusters_;
};

/// Of a Deployment and its pods, as the cluster tells of them. Pure.
ServiceStatus status_of(const std::string& service, const Json& deployment, std::span<const SharedObject> pods);

}  // namespace ramet::targets::kubernetes
