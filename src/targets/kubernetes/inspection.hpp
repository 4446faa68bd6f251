#pragma once

#include "targets/inspector.hpp"
#include "targets/kubernetes/cluster.hpp"

namespace ramet::targets::kubernetes {

/// Looks at what the watches of a cluster have told; asks it nothing.
class KubernetesInspector final : public Inspector {
public:
    /// `clusters` outlives it.
    explicit KubernetesInspector(Clusters& clusters) : clusters_(clusters) {}

    Result<std::vector<ServiceStatus>> inspect_services(std::span<const engine::ResourceView> resources) override;
    /// `refused`: a cluster keeps them itself; the error says how they are read there.
    Result<std::vector<std::string>> find_log_files(std::span<const engine::ResourceView> resources,
                                                    const std::string& part) override;

private:
    Clusters& clusters_;
};

/// Of a Deployment and its pods, as the cluster tells of them. Pure.
ServiceStatus status_of(const std::string& service, const Json& deployment, std::span<const Json> pods);

}  // namespace ramet::targets::kubernetes
