#include "targets/kubernetes/inspection.hpp"

#include "targets/kubernetes/object_marks.hpp"
#include "targets/kubernetes/objects.hpp"
#include "targets/kubernetes/pod_log.hpp"
#include "targets/kubernetes/readiness.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view service_prefix = "service/";
constexpr std::size_t most_looks = 100'000;

std::int64_t count_restarts(std::span<const SharedObject> pods)
{
    std::int64_t restarts = 0;
    for (const auto& pod : pods)
        if (const auto* containers = get_member(get_member(*pod, "status"), "containerStatuses").if_array())
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

/// Those of a job by the Job's own name, as every incarnation of it has the same part; those of a schedule are of many Jobs.
PodSelection pods_of(const engine::ResourceView& resource)
{
    const auto& path = resource.ref.path;
    const auto name = path.substr(path.find('/') + 1);
    const auto made = resource.ref.outputs.find("name");
    const bool is_job = get_string(get_member(resource.ref.spec, "object"), "kind") == "Job";
    if (is_job && made != resource.ref.outputs.end())
        return {.space = space_of(resource), .label = job_label, .value = made->second};
    return {.space = space_of(resource), .label = part_label, .value = name};
}

std::string words_of(const LostField& field)
{
    return field.by.empty() ? field.path + " was taken away"
                            : fmt::format("{} was changed by {}", field.path, field.by);
}

/// Of one that is there. What is older than the last apply tells nothing, as the watch is late: it has another spec, and still says so itself.
std::vector<std::string> describe_losses(const Json& object, const engine::ResourceRef& ref)
{
    const auto lost = find_lost_fields(object, ref);
    const auto path_of_spec = fmt::format("metadata.annotations.{}", spec_annotation);
    const bool is_older =
        !is_of_spec(object, ref) && std::ranges::find(lost, path_of_spec, &LostField::path) == lost.end();
    std::vector<std::string> words;
    if (!is_older)
        for (const auto& field : lost) words.push_back(words_of(field));
    return words;
}

/// What is in it goes as well, and nothing can be put there until it is gone.
Result<void> check_stays(const Cluster& cluster, const std::string& space)
{
    const auto object = TRY(cluster.find_cache("Namespace")->find({}, space));
    const bool is_going = object && !get_string(get_member(*object, "metadata"), "deletionTimestamp").empty();
    if (is_going) return fail(ErrorKind::unavailable, "the namespace {} is on its way out", space);
    return {};
}

/// Of one that the watch does not show: it may be late.
Result<std::vector<std::string>> describe_absence(Cluster& cluster, const Kind& kind, const std::string& name,
                                                  const engine::ResourceRef& ref)
{
    const auto space = kind.is_namespaced ? get_string(ref.spec, "namespace") : std::string();
    const auto there = cluster.api().get(path_of(kind, space, name));
    if (there && is_of_spec(*there, ref)) return std::vector<std::string>{};
    if (there) return std::vector{fmt::format("{} {} does not carry our mark any more", kind.kind, name)};
    if (!has_reason(there.error(), "NotFound")) return std::unexpected(there.error());
    return std::vector{fmt::format("{} {} was deleted", kind.kind, name)};
}

Result<std::unique_ptr<Log>> open_pod_log(Cluster& cluster, const PodSelection& pods, const LogRequest& request)
{
    try {
        return std::make_unique<PodLog>(cluster, pods, request);
    } catch (const std::system_error& problem) {
        return fail(ErrorKind::unavailable, "there is no thread to read the log with: {}", problem.what());
    }
}

}  // namespace

ServiceStatus status_of(const std::string& service, const Json& deployment, std::span<const SharedObject> pods)
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

Result<std::vector<Drift>> KubernetesInspector::find_drift(std::span<const engine::ResourceView> resources)
{
    std::vector<Drift> drifts;
    for (const auto& resource : resources) {
        const auto& object = get_member(resource.ref.spec, "object");
        const bool is_done = !get_member(resource.ref.spec, "once").is_null();
        if (resource.phase != engine::Phase::live || !object.is_object() || is_done) continue;
        auto* cluster = TRY(clusters_.open(get_string(resource.ref.spec, "cluster")));
        const auto kind = TRY(find_kind(get_string(object, "apiVersion"), get_string(object, "kind")));
        const auto* cache = cluster->find_cache(kind.kind);
        const auto name = resource.ref.outputs.find("name");
        if (cache == nullptr || name == resource.ref.outputs.end()) continue;
        const auto space = kind.is_namespaced ? space_of(resource) : std::string();
        TRY(check_stays(*cluster, kind.is_namespaced ? space : name->second));
        const auto seen = TRY(cache->find(space, name->second));
        const auto words =
            seen ? losses_of(seen, resource) : TRY(describe_absence(*cluster, kind, name->second, resource.ref));
        for (const auto& what : words) drifts.push_back({resource.ref.path, what});
    }
    return drifts;
}

/// An environment is looked at much more often than one of its objects changes.
std::vector<std::string> KubernetesInspector::losses_of(const SharedObject& object,
                                                        const engine::ResourceView& resource)
{
    const auto identity = get_string(get_member(*object, "metadata"), "uid");
    const std::lock_guard lock(mutex_);
    if (looks_.size() > most_looks) looks_.clear();
    auto& look = looks_[identity];
    if (look.object.lock() != object || look.spec_hash != resource.spec_hash)
        look = {object, resource.spec_hash, describe_losses(*object, resource.ref)};
    return look.words;
}

Result<std::unique_ptr<Log>> KubernetesInspector::open_log(std::span<const engine::ResourceView> resources,
                                                           const std::string& part, const LogRequest& request)
{
    for (const auto& path : {std::string(service_prefix) + part, part})
        for (const auto& resource : resources) {
            if (resource.ref.path != path || resource.phase == engine::Phase::gone || space_of(resource).empty())
                continue;
            auto* cluster = TRY(clusters_.open(get_string(resource.ref.spec, "cluster")));
            return open_pod_log(*cluster, pods_of(resource), request);
        }
    return std::unexpected(Error{ErrorKind::not_found,
                                 fmt::format("there is no log of {} here", part),
                                 {},
                                 "`ramet why` keeps the last lines of what failed and was taken back"});
}

}  // namespace ramet::targets::kubernetes
