#pragma once

#include "targets/inspector.hpp"
#include "targets/kubernetes/cluster.hpp"

#include <map>
#include <mutex>

namespace ramet::targets::kubernetes {

/// Looks at what the watches of a cluster have told; only logs are asked for.
class KubernetesInspector final : public Inspector {
public:
    /// `clusters` outlives it.
    explicit KubernetesInspector(Clusters& clusters) : clusters_(clusters) {}

    Result<std::vector<ServiceStatus>> inspect_services(std::span<const engine::ResourceView> resources) override;
    /// Of the kinds that are watched.
    Result<std::vector<Drift>> find_drift(std::span<const engine::ResourceView> resources) override;
    /// As the cluster still has it: that of pods that are gone is gone with them.
    Result<std::unique_ptr<Log>> open_log(std::span<const engine::ResourceView> resources, const std::string& part,
                                          const LogRequest& request) override;

private:
    /// What was found when an object was looked at as it still is.
    struct Look {
        std::weak_ptr<const Json> object;
        std::string spec_hash;
        std::vector<std::string> words;
    };
    std::vector<std::string> losses_of(const SharedObject& object, const engine::ResourceView& resource);

    Clusters& clusters_;
    std::mutex mutex_;
    std::map<std::string, Look> looks_;  ///< by uid
};

/// Of a Deployment and its pods, as the cluster tells of them. Pure.
ServiceStatus status_of(const std::string& service, const Json& deployment, std::span<const SharedObject> pods);

}  // namespace ramet::targets::kubernetes
