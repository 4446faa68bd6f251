#pragma once

#include "clone/desired.hpp"
#include "engine/graph.hpp"

#include <string>

namespace ramet::targets::kubernetes {

/// What the file says of one target (`targets.NAME` of type kubernetes).
struct TargetOptions {
    std::string context{};        ///< of the kubeconfig
    std::string ingress_class{};  ///< requests come in through an Ingress of this class
    std::string
        registry{};  ///< "registry.example.com:5000": it may be at a private address, as an administrator has named it
    std::string storage_class{};  ///< empty: the cluster's default
};

/// A namespace and everything in it, as nodes of the kinds "kubernetes.object" and "kubernetes.image". Pure. `refused` where the
/// environment has what this target does not serve, in words.
Result<engine::Graph> render_environment(const DesiredEnvironment& desired, const TargetOptions& options);

/// The same with the jobs that run before everything is removed; nothing where there are none.
Result<engine::Graph> render_last_jobs(const DesiredEnvironment& desired, const TargetOptions& options);

}  // namespace ramet::targets::kubernetes
