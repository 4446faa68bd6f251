#include "targets/kubernetes/render_pieces.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr std::int64_t default_memory = std::int64_t{256} << 20;
constexpr std::string_view secrets_annotation = "ramet.dev/secrets";

std::string workload_path(std::string_view service)
{
    return fmt::format("service/{}", service);
}

Json command_of(const ProjectCommand& command)
{
    if (const auto* text = std::get_if<std::string>(&command)) return json::array{"/bin/sh", "-c", *text};
    json::array words;
    for (const auto& word : std::get<std::vector<std::string>>(command)) words.emplace_back(word);
    return words;
}

json::object resources_of(const Resources& resources)
{
    const auto memory = bytes_text(resources.memory_bytes.value_or(default_memory));
    json::object requests{{"cpu", cpu_text(resources.cpu_millis.value_or(50))}, {"memory", memory}};
    json::object limits{{"memory", memory}};
    if (resources.cpu_millis) limits["cpu"] = cpu_text(*resources.cpu_millis);
    return {{"requests", std::move(requests)}, {"limits", std::move(limits)}};
}

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

/// Reserved names, which no variable of the project can have (config.md, "Values").
void add_own_variables(json::array& entries, const Rendering& rendering, const DesiredService& service)
{
    const auto add = [&](std::string_view name, std::string value) {
        entries.push_back(json::object{{"name", name}, {"value", std::move(value)}});
    };
    add("RAMET_ENVIRONMENT", rendering.desired.name);
    add("RAMET_PROJECT", rendering.desired.project_name);
    add("RAMET_SERVICE", service.name);
    if (!service.declared.port) return;
    add("HOST", "0.0.0.0");
    add("PORT", fmt::format("{}", *service.declared.port));
}

json::object container_security()
{
    return {{"allowPrivilegeEscalation", false}, {"capabilities", json::object{{"drop", json::array{"ALL"}}}}};
}

/// Where a deployment takes its program from.
std::string render_image(Rendering& rendering, const DesiredService& service)
{
    auto path = fmt::format("image/{}", service.name);
    rendering.add({.path = path,
                   .kind = "kubernetes.image",
                   .spec = json::object{{"image", service.declared.image}},
                   .outputs = {"reference"}});
    return path;
}

json::object make_container(const Rendering& rendering, const DesiredService& service, json::array variables,
                            const std::string& image)
{
    const auto& declared = service.declared;
    json::object container{{"name", service.name}, {"image", json::object{{"$out", json::array{image, "reference"}}}}};
    if (declared.run) container["command"] = command_of(*declared.run);
    add_own_variables(variables, rendering, service);
    container["env"] = std::move(variables);
    container["resources"] = resources_of(declared.resources);
    container["securityContext"] = container_security();
    if (declared.port)
        container["ports"] = json::array{json::object{{"name", "main"}, {"containerPort", *declared.port}}};
    add_probes(container, declared);
    return container;
}

json::object make_deployment(const DesiredService& service, json::object container, const std::string& secrets_used)
{
    json::object metadata{{"labels", json::object{{part_label, service.name}}}};
    json::object annotations;
    if (!secrets_used.empty()) annotations[secrets_annotation] = secrets_used;
    // Counted up by people who ask for a restart: another pod template, so that pods are replaced as by any other change.
    if (service.restarts_asked > 0) annotations["ramet.dev/restarts"] = fmt::format("{}", service.restarts_asked);
    if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
    json::object pod{{"serviceAccountName", service.name},
                     {"automountServiceAccountToken", false},
                     {"enableServiceLinks", false},
                     {"securityContext", json::object{{"runAsNonRoot", true},
                                                      {"seccompProfile", json::object{{"type", "RuntimeDefault"}}}}},
                     {"containers", json::array{std::move(container)}}};
    const bool is_rolling = service.declared.strategy == Strategy::rolling;
    json::object strategy{{"type", is_rolling ? "RollingUpdate" : "Recreate"}};
    if (is_rolling) strategy["rollingUpdate"] = json::object{{"maxSurge", 1}, {"maxUnavailable", 0}};
    auto deployment = make_object("apps/v1", "Deployment", service.name);
    deployment["spec"] =
        json::object{{"replicas", service.declared.replicas},
                     {"revisionHistoryLimit", 1},
                     {"selector", select_part(service.name)},
                     {"strategy", std::move(strategy)},
                     {"template", json::object{{"metadata", std::move(metadata)}, {"spec", std::move(pod)}}}};
    return deployment;
}

json::object make_account(const std::string& name)
{
    auto account = make_object("v1", "ServiceAccount", name);
    account["automountServiceAccountToken"] = false;
    return account;
}

json::object make_service(const DesiredService& service)
{
    auto object = make_object("v1", "Service", service.name);
    object["spec"] = json::object{
        {"selector", json::object{{part_label, service.name}}},
        {"ports",
         json::array{json::object{{"name", "main"}, {"port", *service.declared.port}, {"targetPort", "main"}}}}};
    return object;
}

/// One may be away at a time, when a node is emptied.
json::object make_disruption_budget(const std::string& name)
{
    auto budget = make_object("policy/v1", "PodDisruptionBudget", name);
    budget["spec"] = json::object{{"maxUnavailable", 1}, {"selector", select_part(name)}};
    return budget;
}

std::string path_of_need(const std::string& name, Need need, const Rendering& rendering)
{
    if (rendering.find_database(name)) return fmt::format("database/{}", name);
    // Its name takes connections from the beginning; until somebody answers there they are refused, and tried again.
    if (rendering.find_service(name))
        return need == Need::started ? fmt::format("address/{}", name) : workload_path(name);
    return fmt::format("job/{}", name);
}

Result<void> check_served(const DesiredService& service)
{
    const auto refuse = [&](std::string_view what) {
        return fail(ErrorKind::refused, "services.{}: {} is not served on a cluster yet", service.name, what);
    };
    if (service.treatment == Treatment::shared) return refuse("the base's own instance (`share`)");
    if (service.declared.is_helm) return refuse("`helm`");
    if (service.declared.is_manifests) return refuse("`manifests`");
    if (!service.declared.volumes.empty()) return refuse("`volumes`");
    if (service.declared.image.empty()) return refuse("`build`");
    return {};
}

/// What a service is found by and what it may use, beside its program.
void render_surroundings(Rendering& rendering, const DesiredService& service, json::object secret_values)
{
    const auto& name = service.name;
    rendering.add_object(fmt::format("account/{}", name), make_account(name));
    if (!secret_values.empty()) {
        auto secret = make_object("v1", "Secret", name);
        secret["stringData"] = std::move(secret_values);
        rendering.add_object(fmt::format("secret/{}", name), std::move(secret));
    }
    if (service.declared.port) rendering.add_object(fmt::format("address/{}", name), make_service(service));
    if (service.declared.replicas > 1)
        rendering.add_object(fmt::format("budget/{}", name), make_disruption_budget(name));
}

Result<void> render_service(Rendering& rendering, const DesiredService& service)
{
    TRY(check_served(service));
    auto environment = TRY(render_variables(rendering, service.env, service.name));
    render_surroundings(rendering, service, std::move(environment.secret_values));
    const auto image = render_image(rendering, service);
    auto container = make_container(rendering, service, std::move(environment.entries), image);
    auto needs = rendering.guards();
    for (const auto* kind : {"account", "secret", "address"}) needs.push_back(fmt::format("{}/{}", kind, service.name));
    needs.push_back(image);
    for (const auto& [name, need] : service.declared.needs) needs.push_back(path_of_need(name, need, rendering));
    rendering.add_object(workload_path(service.name),
                         make_deployment(service, std::move(container), environment.secrets_used), std::move(needs));
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
