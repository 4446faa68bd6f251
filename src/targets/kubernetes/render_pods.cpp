#include "targets/kubernetes/render_pods.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr std::int64_t default_memory = std::int64_t{256} << 20;
constexpr std::int64_t default_storage = std::int64_t{1} << 30;
constexpr std::string_view secrets_annotation = "ramet.dev/secrets";

Json command_of(const ProjectCommand& command)
{
    if (const auto* text = std::get_if<std::string>(&command)) return json::array{"/bin/sh", "-c", *text};
    json::array words;
    for (const auto& word : std::get<std::vector<std::string>>(command)) words.emplace_back(word);
    return words;
}

/// Reserved names, which no variable of the project can have (config.md, "Values").
void add_own_variables(json::array& entries, const Rendering& rendering, const Program& program)
{
    const auto add = [&](std::string_view name, std::string value) {
        entries.push_back(json::object{{"name", name}, {"value", std::move(value)}});
    };
    add("RAMET_ENVIRONMENT", rendering.desired.name);
    add("RAMET_PROJECT", rendering.desired.project_name);
    add("RAMET_SERVICE", program.name);
    if (!program.port) return;
    add("HOST", "0.0.0.0");
    add("PORT", fmt::format("{}", *program.port));
}

std::string image_of(const engine::Node& node)
{
    return get_string(get_member(get_member(node.spec, "object"), "data"), "image");
}

/// Programs of one image share its node, so that all of them run the same digest.
std::string render_image(Rendering& rendering, const Program& program)
{
    for (const auto& node : rendering.graph.nodes)
        if (node.kind == "kubernetes.image" && image_of(node) == program.image) return node.path;
    auto path = fmt::format("image/{}", program.name);
    json::object note{{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", json::object{{"generateName", fmt::format("image-{}-", program.name)}}},
                      {"data", json::object{{"image", program.image}}}};
    json::object more{{"registry", rendering.options.registry}};
    if (const auto& login = rendering.desired.registry_login; !login.id.empty()) more["login"] = note_secret(login);
    rendering.add_object(path, std::move(note), {}, std::move(more));
    auto& node = rendering.graph.nodes.back();
    node.kind = "kubernetes.image";
    node.outputs = {"reference"};
    return path;
}

}  // namespace

std::vector<std::string> render_account(Rendering& rendering, const std::string& part, json::object secret_values)
{
    auto account = make_object("v1", "ServiceAccount", part);
    account["automountServiceAccountToken"] = false;
    std::vector<std::string> paths{fmt::format("account/{}", part)};
    rendering.add_object(paths.back(), std::move(account));
    if (secret_values.empty()) return paths;
    auto secret = make_object("v1", "Secret", part);
    secret["stringData"] = std::move(secret_values);
    paths.push_back(fmt::format("secret/{}", part));
    rendering.add_object(paths.back(), std::move(secret));
    return paths;
}

Result<RenderedContainer> render_program(Rendering& rendering, const Program& program)
{
    auto environment = TRY(render_variables(rendering, program.env, program.name));
    RenderedContainer rendered{.secrets_used = environment.secrets_used};
    rendered.needs = render_account(rendering, program.name, std::move(environment.secret_values));
    const auto image = render_image(rendering, program);
    rendered.needs.push_back(image);
    auto& container = rendered.container;
    container["name"] = program.name;
    container["image"] = output_of(image, "reference");
    if (program.run) container["command"] = command_of(*program.run);
    add_own_variables(environment.entries, rendering, program);
    container["env"] = std::move(environment.entries);
    container["resources"] = resources_of(program.resources);
    container["securityContext"] = container_security();
    // Its last lines, when it ends badly: they stand in the pod's state, where people are told why.
    container["terminationMessagePolicy"] = "FallbackToLogsOnError";
    return rendered;
}

json::object resources_of(const Resources& resources)
{
    const auto memory = bytes_text(resources.memory_bytes.value_or(default_memory));
    json::object requests{{"cpu", cpu_text(resources.cpu_millis.value_or(50))}, {"memory", memory}};
    json::object limits{{"memory", memory}};
    if (resources.cpu_millis) limits["cpu"] = cpu_text(*resources.cpu_millis);
    return {{"requests", std::move(requests)}, {"limits", std::move(limits)}};
}

json::object container_security()
{
    return {{"allowPrivilegeEscalation", false}, {"capabilities", json::object{{"drop", json::array{"ALL"}}}}};
}

json::object make_pods(const Rendering& rendering, const std::string& part, json::object container,
                       json::object annotations)
{
    json::object metadata{{"labels", json::object{{part_label, part}}}};
    if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
    json::object pod{{"serviceAccountName", part},
                     {"automountServiceAccountToken", false},
                     {"enableServiceLinks", false},
                     {"securityContext", json::object{{"runAsNonRoot", true},
                                                      {"seccompProfile", json::object{{"type", "RuntimeDefault"}}}}},
                     {"containers", json::array{std::move(container)}}};
    if (!rendering.desired.registry_login.id.empty())
        pod["imagePullSecrets"] = json::array{json::object{{"name", registry_login_name}}};
    return {{"metadata", std::move(metadata)}, {"spec", std::move(pod)}};
}

json::object& pod_of(json::object& pods)
{
    return pods["spec"].as_object();
}

json::object annotate_secrets(const std::string& secrets_used)
{
    if (secrets_used.empty()) return {};
    return {{secrets_annotation, secrets_used}};
}

json::object make_claim(const Rendering& rendering, json::object metadata, std::int64_t bytes)
{
    const auto size = bytes_text(bytes > 0 ? bytes : default_storage);
    json::object spec{{"accessModes", json::array{"ReadWriteOnce"}},
                      {"resources", json::object{{"requests", json::object{{"storage", size}}}}}};
    if (const auto& storage = rendering.options.storage_class; !storage.empty()) spec["storageClassName"] = storage;
    return {{"apiVersion", "v1"},
            {"kind", "PersistentVolumeClaim"},
            {"metadata", std::move(metadata)},
            {"spec", std::move(spec)}};
}

json::object make_address(const std::string& part, int port)
{
    auto object = make_object("v1", "Service", part);
    object["spec"] =
        json::object{{"selector", json::object{{part_label, part}}},
                     {"ports", json::array{json::object{{"name", "main"}, {"port", port}, {"targetPort", port}}}}};
    return object;
}

}  // namespace ramet::targets::kubernetes
