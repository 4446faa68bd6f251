#include "targets/kubernetes/kinds.hpp"

#include <algorithm>
#include <array>

namespace ramet::targets::kubernetes {

namespace {

constexpr std::array all{
    Kind{.api_version = "v1", .kind = "ConfigMap", .plural = "configmaps"},
    Kind{.api_version = "v1", .kind = "LimitRange", .plural = "limitranges"},
    Kind{.api_version = "v1", .kind = "Namespace", .plural = "namespaces", .is_namespaced = false},
    Kind{.api_version = "v1", .kind = "PersistentVolumeClaim", .plural = "persistentvolumeclaims", .is_awaited = true},
    Kind{.api_version = "v1", .kind = "ResourceQuota", .plural = "resourcequotas"},
    Kind{.api_version = "v1", .kind = "Secret", .plural = "secrets", .is_listed = false},
    Kind{.api_version = "v1", .kind = "Service", .plural = "services"},
    Kind{.api_version = "v1", .kind = "ServiceAccount", .plural = "serviceaccounts"},
    Kind{.api_version = "apps/v1", .kind = "Deployment", .plural = "deployments", .is_awaited = true},
    Kind{.api_version = "apps/v1", .kind = "StatefulSet", .plural = "statefulsets", .is_awaited = true},
    Kind{.api_version = "autoscaling/v2", .kind = "HorizontalPodAutoscaler", .plural = "horizontalpodautoscalers"},
    Kind{.api_version = "batch/v1", .kind = "CronJob", .plural = "cronjobs"},
    Kind{.api_version = "batch/v1", .kind = "Job", .plural = "jobs", .is_awaited = true},
    Kind{.api_version = "networking.k8s.io/v1", .kind = "Ingress", .plural = "ingresses"},
    Kind{.api_version = "networking.k8s.io/v1", .kind = "NetworkPolicy", .plural = "networkpolicies"},
    Kind{.api_version = "policy/v1", .kind = "PodDisruptionBudget", .plural = "poddisruptionbudgets"},
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
