#include "targets/kubernetes/kinds.hpp"

#include <algorithm>
#include <array>

namespace ramet::targets::kubernetes {

namespace {

constexpr std::array all{
    Kind{"v1", "ConfigMap", "configmaps"},
    Kind{"v1", "LimitRange", "limitranges"},
    Kind{"v1", "Namespace", "namespaces", true, false},
    Kind{"v1", "PersistentVolumeClaim", "persistentvolumeclaims"},
    Kind{"v1", "ResourceQuota", "resourcequotas"},
    Kind{"v1", "Secret", "secrets", false},
    Kind{"v1", "Service", "services"},
    Kind{"v1", "ServiceAccount", "serviceaccounts"},
    Kind{"apps/v1", "Deployment", "deployments"},
    Kind{"apps/v1", "StatefulSet", "statefulsets"},
    Kind{"autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"},
    Kind{"batch/v1", "CronJob", "cronjobs"},
    Kind{"batch/v1", "Job", "jobs"},
    Kind{"networking.k8s.io/v1", "Ingress", "ingresses"},
    Kind{"networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"},
    Kind{"policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"},
};

/// The core group came first, and has a place of its own.
std::string root_of(const Kind& kind)
{
    return fmt::format("{}/{}", kind.api_version.contains('/') ? "/apis" : "/api", kind.api_version);
}

}  // namespace

std::span<const Kind> known_kinds()
{
    return all;
}

Result<Kind> find_kind(std::string_view api_version, std::string_view kind)
{
    const auto at = std::ranges::find_if(
        all, [&](const Kind& each) { return each.api_version == api_version && each.kind == kind; });
    if (at == all.end()) return fail(ErrorKind::refused, "{} {} is not a kind that Ramet makes", api_version, kind);
    return *at;
}

std::string path_of(const Kind& kind)
{
    return fmt::format("{}/{}", root_of(kind), kind.plural);
}

std::string path_of(const Kind& kind, std::string_view space, std::string_view name)
{
    const auto end = fmt::format("{}{}{}", kind.plural, name.empty() ? "" : "/", name);
    if (!kind.is_namespaced) return fmt::format("{}/{}", root_of(kind), end);
    return fmt::format("{}/namespaces/{}/{}", root_of(kind), space, end);
}

}  // namespace ramet::targets::kubernetes
