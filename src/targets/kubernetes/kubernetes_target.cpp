#include "targets/kubernetes/kubernetes_target.hpp"

#include "targets/kubernetes/render.hpp"

namespace ramet::targets::kubernetes {

namespace {

std::string value_of(const std::map<std::string, std::string>& keys, const std::string& key)
{
    const auto at = keys.find(key);
    return at == keys.end() ? std::string() : at->second;
}

/// "registry.example.com:5000" of "registry.example.com:5000/shop".
std::string host_of(const std::string& registry)
{
    return registry.substr(0, registry.find('/'));
}

TargetOptions options_of(const DesiredEnvironment& desired)
{
    const auto& keys = desired.target_keys;
    return {.context = value_of(keys, "context"),
            .ingress_class = value_of(keys, "ingress.class"),
            .registry = host_of(value_of(keys, "registry.url")),
            .storage_class = value_of(keys, "storage_class")};
}

}  // namespace

Result<void> KubernetesTarget::check_reachable(const TargetDeclaration& declared)
{
    const auto cluster = clusters_.open(value_of(declared.other, "context"));
    if (cluster) return {};
    return std::unexpected(cluster.error());
}

Result<engine::Graph> KubernetesTarget::render(const DesiredEnvironment& desired) const
{
    return render_environment(desired, options_of(desired));
}

Result<engine::Graph> KubernetesTarget::render_before_delete(const DesiredEnvironment& desired) const
{
    return render_last_jobs(desired, options_of(desired));
}

std::vector<std::string> KubernetesTarget::not_enforced(TargetType) const
{
    return {"whether the cluster's network keeps environments apart is not probed yet: it does where its network "
            "plugin enforces "
            "NetworkPolicies"};
}

}  // namespace ramet::targets::kubernetes
