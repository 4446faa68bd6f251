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

}  // namespace

void render_namespace(Rendering& rendering)
{
    const auto& desired = rendering.desired;
    json::object labels;
    for (const auto* mode : {"enforce", "audit", "warn"}) {
        labels[fmt::format("pod-security.kubernetes.io/{}", mode)] = "restricted";
        labels[fmt::format("pod-security.kubernetes.io/{}-version", mode)] = pod_security_version;
    }
    rendering.add({.path = namespace_path,
                   .kind = "kubernetes.namespace",
                   .spec = json::object{{"project", desired.project_name},
                                        {"environment", desired.name},
                                        {"labels", std::move(labels)}},
                   .outputs = {"name"}});
    render_limits(rendering);
    render_policies(rendering);
}

}  // namespace ramet::targets::kubernetes
