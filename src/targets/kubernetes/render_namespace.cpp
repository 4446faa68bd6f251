#include "base/text.hpp"
#include "targets/kubernetes/object_marks.hpp"
#include "targets/kubernetes/render_pieces.hpp"

namespace ramet::targets::kubernetes {

namespace {

json::array texts(const std::vector<std::string_view>& all)
{
    json::array array;
    for (const auto text : all) array.emplace_back(text);
    return array;
}

json::object policy(std::string_view name, json::object spec)
{
    auto object = make_object("networking.k8s.io/v1", "NetworkPolicy", name);
    object["spec"] = std::move(spec);
    return object;
}

/// Whatever speaks for people from outside stands in a namespace that is none of ours; another environment's pods are not let in.
json::object namespaces_of_others()
{
    return {{"namespaceSelector",
             json::object{{"matchExpressions",
                           json::array{json::object{{"key", install_label}, {"operator", "DoesNotExist"}}}}}}};
}

/// Pods of a namespace, by the label that every namespace has.
json::object pods_in(std::string_view space)
{
    return {{"namespaceSelector", json::object{{"matchLabels", json::object{{"kubernetes.io/metadata.name", space}}}}}};
}

json::object everywhere_but(std::string_view network, const std::vector<std::string_view>& exceptions)
{
    return {{"ipBlock", json::object{{"cidr", network}, {"except", texts(exceptions)}}}};
}

json::object dns_port(std::string_view protocol)
{
    return {{"protocol", protocol}, {"port", 53}};
}

const json::object every_pod{};

void render_policies(Rendering& rendering)
{
    rendering.add_object(
        "policy/deny", policy("deny", {{"podSelector", every_pod}, {"policyTypes", json::array{"Ingress", "Egress"}}}));
    rendering.add_object(
        "policy/inside",
        policy("inside",
               {{"podSelector", every_pod},
                {"policyTypes", json::array{"Ingress", "Egress"}},
                {"ingress", json::array{json::object{{"from", json::array{json::object{{"podSelector", every_pod}}}}}}},
                {"egress", json::array{json::object{{"to", json::array{json::object{{"podSelector", every_pod}}}}}}}}));
    rendering.add_object(
        "policy/dns",
        policy("dns",
               {{"podSelector", every_pod},
                {"policyTypes", json::array{"Egress"}},
                {"egress", json::array{json::object{{"to", json::array{pods_in("kube-system")}},
                                                    {"ports", json::array{dns_port("UDP"), dns_port("TCP")}}}}}}));
    rendering.add_object(
        "policy/internet",
        policy("internet", {{"podSelector", every_pod},
                            {"policyTypes", json::array{"Egress"}},
                            {"egress", json::array{json::object{
                                           {"to", json::array{everywhere_but("0.0.0.0/0", private_networks_v4()),
                                                              everywhere_but("::/0", private_networks_v6())}}}}}}));
}

/// The gateway reaches what is public, at its port.
void render_public_policies(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services) {
        if (!is_own(service) || service.public_hosts.empty() || !service.declared.port) continue;
        rendering.add_object(
            fmt::format("policy/public/{}", service.name),
            policy("public-" + service.name,
                   {{"podSelector", select_part(service.name)},
                    {"policyTypes", json::array{"Ingress"}},
                    {"ingress", json::array{json::object{
                                    {"from", json::array{namespaces_of_others()}},
                                    {"ports", json::array{json::object{{"port", *service.declared.port}}}}}}}}));
    }
}

/// "shop-pr-42-": what the name of its namespace begins with, short enough for what comes after it.
std::string prefix_of(const DesiredEnvironment& desired)
{
    constexpr std::size_t longest = 50;
    auto prefix = to_slug(fmt::format("{}-{}", desired.project_name, desired.name)).substr(0, longest);
    while (prefix.ends_with('-')) prefix.pop_back();
    return prefix + "-";
}

/// No address of the outside world and no port of a node, whoever deploys what into it.
void render_limits(Rendering& rendering)
{
    auto quota = make_object("v1", "ResourceQuota", "environment");
    quota["spec"] = json::object{{"hard", json::object{{"services.loadbalancers", "0"}, {"services.nodeports", "0"}}}};
    rendering.add_object("limit/quota", std::move(quota));
    auto limits = make_object("v1", "LimitRange", "environment");
    limits["spec"] = json::object{
        {"limits", json::array{json::object{{"type", "Container"},
                                            {"default", json::object{{"memory", "256Mi"}}},
                                            {"defaultRequest", json::object{{"cpu", "50m"}, {"memory", "256Mi"}}}}}}};
    rendering.add_object("limit/range", std::move(limits));
}

/// By which nodes pull images of the target's registry: no pod can read it.
void render_registry_login(Rendering& rendering)
{
    const auto& login = rendering.desired.registry_login;
    if (login.id.empty()) return;
    auto secret = make_object("v1", "Secret", registry_login_name);
    secret["type"] = "kubernetes.io/dockerconfigjson";
    json::object opened{{"host", rendering.options.registry}, {"secret", note_secret(login)}};
    secret["stringData"] = json::object{{".dockerconfigjson", json::object{{"$registry_login", std::move(opened)}}}};
    rendering.add_object(registry_login_path, std::move(secret));
}

}  // namespace

void render_namespace(Rendering& rendering)
{
    const auto& desired = rendering.desired;
    json::object labels;
    for (const auto* mode : {"enforce", "audit", "warn"}) {
        labels[fmt::format("pod-security.kubernetes.io/{}", mode)] = "restricted";
        labels[fmt::format("pod-security.kubernetes.io/{}-version", mode)] = pod_security_version;
    }
    json::object metadata{{"generateName", prefix_of(desired)},
                          {"labels", std::move(labels)},
                          {"annotations", json::object{{"ramet.dev/project", desired.project_name},
                                                       {"ramet.dev/environment", desired.name}}}};
    json::object object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", std::move(metadata)}};
    rendering.add({.path = namespace_path,
                   .kind = "kubernetes.object",
                   .spec = json::object{{"cluster", rendering.options.context}, {"object", std::move(object)}},
                   .outputs = {"name"}});
    render_limits(rendering);
    render_policies(rendering);
    render_public_policies(rendering);
    render_registry_login(rendering);
}

}  // namespace ramet::targets::kubernetes
