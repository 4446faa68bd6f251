#include "targets/kubernetes/inspection.hpp"

#include "targets/kubernetes/objects.hpp"
#include "targets/kubernetes/readiness.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view service_prefix = "service/";

std::int64_t count_restarts(std::span<const Json> pods)
{
    std::int64_t restarts = 0;
    for (const auto& pod : pods)
        if (const auto* containers = get_member(get_member(pod, "status"), "containerStatuses").if_array())
            for (const auto& container : *containers) restarts += get_int(container, "restartCount");
    return restarts;
}

bool is_live_service(const engine::ResourceView& resource)
{
    return resource.phase == engine::Phase::live && resource.ref.path.starts_with(service_prefix);
}

std::string space_of(const engine::ResourceView& resource)
{
    return get_string(resource.ref.spec, "namespace");
}

}  // namespace

ServiceStatus status_of(const std::string& service, const Json& deployment, std::span<const Json> pods)
{
    ServiceStatus status{.name = service, .state = "starting", .restarts = count_restarts(pods)};
    const auto ready = get_int(get_member(deployment, "status"), "readyReplicas");
    status.replicas = static_cast<int>(ready);
    const auto readiness = judge_readiness(deployment, pods);
    if (std::holds_alternative<engine::Ready>(readiness))
        status.state = get_int(get_member(deployment, "spec"), "replicas", 1) == 0 ? "stopped" : "healthy";
    else if (std::holds_alternative<engine::Failed>(readiness))
        status.state = "failed";
    else if (status.restarts > 0)
        status.state = "restarting";
    else if (ready > 0)
        status.state = "healthy";  // The old version serves while the new one starts.
    return status;
}

Result<std::vector<ServiceStatus>>
KubernetesInspector::inspect_services(std::span<const engine::ResourceView> resources)
{
    std::vector<ServiceStatus> statuses;
    for (const auto& resource : resources) {
        if (!is_live_service(resource)) continue;
        const auto name = resource.ref.path.substr(service_prefix.size());
        auto* cluster = TRY(clusters_.open(get_string(resource.ref.spec, "cluster")));
        const auto deployment = cluster->find_cache("Deployment")->find(space_of(resource), name);
        const auto pods = cluster->pods().find_all(space_of(resource), part_label, name);
        // A cluster that does not answer at the moment says nothing of how its services are.
        if (!deployment || !pods)
            statuses.push_back({.name = name, .state = "unknown"});
        else if (!*deployment)
            statuses.push_back({.name = name, .state = "stopped"});
        else
            statuses.push_back(status_of(name, **deployment, *pods));
    }
    return statuses;
}

Result<std::vector<std::string>> KubernetesInspector::find_log_files(std::span<const engine::ResourceView> resources,
                                                                     const std::string& part)
{
    const auto name = part.substr(part.find('/') == std::string::npos ? 0 : part.find('/') + 1);
    for (const auto& resource : resources)
        if (resource.phase == engine::Phase::live && resource.ref.path.ends_with("/" + name) &&
            !space_of(resource).empty())
            return std::unexpected(
                Error{ErrorKind::refused,
                      fmt::format("logs of {} are kept by its cluster, and not served from there yet", part),
                      {},
                      fmt::format("kubectl --context {} --namespace {} logs --selector {}={}",
                                  get_string(resource.ref.spec, "cluster"), space_of(resource), part_label, name)});
    return fail(ErrorKind::not_found, "there is no {} in this environment", part);
}

}  // namespace ramet::targets::kubernetes
