#pragma once

#include "targets/kubernetes/cluster.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace ramet::targets::kubernetes {

/// What this process may use: the contexts of a kubeconfig file; without one, in a pod, the cluster that it runs in ("in-cluster").
/// An empty name means the file's current context, or that cluster. For any number of threads.
class KubeconfigClusters final : public Clusters {
public:
    struct Options {
        Path file{};  ///< empty: none
        std::string install;
        /// Contexts of the environments that there are.
        std::function<Result<std::vector<std::string>>()> list_used;
        Cluster::OnTouched on_touched{};
    };
    /// `clock` outlives it.
    KubeconfigClusters(Options options, Clock& clock);
    ~KubeconfigClusters() override;

    Result<Cluster*> open(const std::string& context) override;
    Result<std::vector<std::string>> list_used() override { return options_.list_used(); }

private:
    struct Opened;

    Result<ClusterAccess> read_access(const std::string& context) const;

    Options options_;
    Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Opened>> opened_;
};

}  // namespace ramet::targets::kubernetes
