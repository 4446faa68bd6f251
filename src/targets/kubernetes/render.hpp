#pragma once

#include "clone/desired.hpp"
#include "engine/graph.hpp"

#include <string>

namespace ramet::targets::kubernetes {

/// What the file says of one target (`targets.NAME` of type kubernetes).
struct TargetOptions {
    std::string ingress_class{};      ///< requests come in through an Ingress of this class …
    std::string gateway{};            ///< … or through this Gateway
    std::string gateway_namespace{};  ///< where it, or the ingress controller, runs: its pods may reach public services
    std::string issuer{};             ///< cert-manager's ClusterIssuer; empty: certificates are the gateway's affair
    std::string storage_class{};      ///< empty: the cluster's default
};

/// A namespace and everything in it, as nodes of the kinds "kubernetes.namespace", "kubernetes.object", "kubernetes.image" and
/// "kubernetes.job". Pure. `refused` where the environment has what this target does not serve, in words.
Result<engine::Graph> render_environment(const DesiredEnvironment& desired, const TargetOptions& options);

}  // namespace ramet::targets::kubernetes
