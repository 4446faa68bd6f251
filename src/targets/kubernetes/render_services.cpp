#include "targets/kubernetes/render_pods.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

namespace {

/// Whoever an image's program is, it may write into its volumes as a member of this group.
constexpr std::int64_t files_group = 65'532;

/// Asked each second: what is ready is seen when it is. A container that is not up in time is told as failed.
void add_probes(json::object& container, const Service& service)
{
    if (!service.port) return;
    const auto health = service.health.value_or(HealthCheck{});
    json::object probe{{"periodSeconds", 1}, {"timeoutSeconds", 5}};
    if (health.http_path.empty())
        probe["tcpSocket"] = json::object{{"port", *service.port}};
    else
        probe["httpGet"] = json::object{{"path", health.http_path}, {"port", *service.port}};
    auto startup = probe;
    startup["failureThreshold"] =
        std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(health.timeout).count());
    probe["failureThreshold"] = 3;
    container["startupProbe"] = std::move(startup);
    container["readinessProbe"] = std::move(probe);
}

json::object make_deployment(const DesiredService& service, json::object pods)
{
    const auto& declared = service.declared;
    // Two nodes cannot hold one volume: the old pod gives it up before the new one begins.
    const bool is_rolling = declared.strategy == Strategy::rolling && declared.volumes.empty();
    json::object strategy{{"type", is_rolling ? "RollingUpdate" : "Recreate"}};
    if (is_rolling) strategy["rollingUpdate"] = json::object{{"maxSurge", 1}, {"maxUnavailable", 0}};
    auto deployment = make_object("apps/v1", "Deployment", service.name);
    deployment["spec"] = json::object{{"replicas", declared.replicas},
                                      // Nodes learn of a pod that is ready a moment later: by then it can be reached.
                                      {"minReadySeconds", 1},
                                      {"revisionHistoryLimit", 1},
                                      {"selector", select_part(service.name)},
                                      {"strategy", std::move(strategy)},
                                      {"template", std::move(pods)}};
    return deployment;
}

/// One may be away at a time, when a node is emptied.
json::object make_disruption_budget(const std::string& name)
{
    auto budget = make_object("policy/v1", "PodDisruptionBudget", name);
    budget["spec"] = json::object{{"maxUnavailable", 1}, {"selector", select_part(name)}};
    return budget;
}

Result<void> check_served(const DesiredService& service)
{
    const auto refuse = [&](std::string_view what) {
        return fail(ErrorKind::refused, "services.{}: {} is not served on a cluster yet", service.name, what);
    };
    if (service.treatment == Treatment::shared) return refuse("the base's own instance (`share`)");
    if (service.declared.is_helm) return refuse("`helm`");
    if (service.declared.is_manifests) return refuse("`manifests`");
    if (!service.declared.volumes.empty() && service.declared.replicas > 1)
        return std::unexpected(Error{ErrorKind::refused,
                                     fmt::format("services.{}: {} replicas cannot hold one volume, which one node has",
                                                 service.name, service.declared.replicas),
                                     {},
                                     "say `replicas: 1`, or keep those files in a database or a bucket"});
    if (service.declared.image.empty()) return refuse("`build`");
    return {};
}

json::object annotations_of(const DesiredService& service, const std::string& secrets_used)
{
    auto annotations = annotate_secrets(secrets_used);
    // Counted up by people who ask for a restart: another pod template, so that pods are replaced as by any other change.
    if (service.restarts_asked > 0) annotations["ramet.dev/restarts"] = fmt::format("{}", service.restarts_asked);
    return annotations;
}

/// Each volume has a claim of its own, which outlives the pods and goes with the environment.
void add_volumes(Rendering& rendering, const DesiredService& service, json::object& pods,
                 std::vector<std::string>& needs)
{
    if (service.declared.volumes.empty()) return;
    auto& pod = pod_of(pods);
    json::array volumes;
    json::array mounts;
    for (const auto& volume : service.declared.volumes) {
        const auto path = fmt::format("volume/{}/{}", service.name, volume.name);
        json::object metadata{{"generateName", fmt::format("{}-{}-", service.name, volume.name)}};
        rendering.add_object(path, make_claim(rendering, std::move(metadata), volume.size_bytes));
        needs.push_back(path);
        json::object claim{{"claimName", output_of(path, "name")}};
        volumes.push_back(json::object{{"name", volume.name}, {"persistentVolumeClaim", std::move(claim)}});
        mounts.push_back(json::object{{"name", volume.name}, {"mountPath", volume.path}});
    }
    pod["volumes"] = std::move(volumes);
    pod["containers"].as_array().front().as_object()["volumeMounts"] = std::move(mounts);
    auto& security = pod["securityContext"].as_object();
    security["fsGroup"] = files_group;
    security["fsGroupChangePolicy"] = "OnRootMismatch";
}

Result<void> render_service(Rendering& rendering, const DesiredService& service)
{
    TRY(check_served(service));
    const auto& declared = service.declared;
    auto program = TRY(render_program(rendering, {.name = service.name,
                                                  .image = declared.image,
                                                  .run = declared.run,
                                                  .resources = declared.resources,
                                                  .env = service.env,
                                                  .port = declared.port}));
    auto needs = rendering.guards();
    std::ranges::move(program.needs, std::back_inserter(needs));
    if (declared.port) {
        program.container["ports"] = json::array{json::object{{"name", "main"}, {"containerPort", *declared.port}}};
        const auto address = address_path(service.name);
        rendering.add_object(address, make_address(service.name, *declared.port));
        needs.push_back(address);
    }
    add_probes(program.container, declared);
    if (declared.replicas > 1)
        rendering.add_object(fmt::format("budget/{}", service.name), make_disruption_budget(service.name));
    for (const auto& [name, need] : declared.needs) needs.push_back(path_of_need(rendering, name, need));
    add_first_jobs(rendering, service, needs);
    auto pods =
        make_pods(rendering, service.name, std::move(program.container), annotations_of(service, program.secrets_used));
    add_volumes(rendering, service, pods, needs);
    rendering.add_object(service_path(service.name), make_deployment(service, std::move(pods)), std::move(needs));
    return {};
}

}  // namespace

Result<void> render_services(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services)
        if (service.treatment != Treatment::skipped) TRY(render_service(rendering, service));
    return {};
}

}  // namespace ramet::targets::kubernetes
