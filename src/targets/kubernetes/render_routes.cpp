#include "targets/kubernetes/render_pieces.hpp"

namespace ramet::targets::kubernetes {

namespace {

json::object make_ingress(const DesiredService& service, const TargetOptions& options)
{
    json::array rules;
    for (const auto& host : service.public_hosts) {
        json::object backend{{"service", json::object{{"name", service.name},
                                                      {"port", json::object{{"number", *service.declared.port}}}}}};
        json::object path{{"path", "/"}, {"pathType", "Prefix"}, {"backend", std::move(backend)}};
        rules.push_back(json::object{{"host", host}, {"http", json::object{{"paths", json::array{std::move(path)}}}}});
    }
    auto ingress = make_object("networking.k8s.io/v1", "Ingress", service.name);
    ingress["spec"] = json::object{{"ingressClassName", options.ingress_class}, {"rules", std::move(rules)}};
    return ingress;
}

Error no_way_in(const DesiredService& service, const std::string& target)
{
    return Error{
        ErrorKind::refused,
        fmt::format("services.{} is public, and the target {} does not say how requests come in", service.name, target),
        {},
        fmt::format("add `ingress: {{class: …}}` to targets.{}", target)};
}

}  // namespace

Result<void> render_routes(Rendering& rendering)
{
    for (const auto& service : rendering.desired.services) {
        if (!is_own(service) || service.public_hosts.empty() || !service.declared.port) continue;
        if (rendering.options.ingress_class.empty())
            return std::unexpected(no_way_in(service, rendering.desired.target));
        // Whoever serves it answers 503 by itself as long as no pod is ready: a controller has that time to take the route up.
        rendering.add_object(fmt::format("route/{}", service.name), make_ingress(service, rendering.options),
                             {address_path(service.name)});
    }
    return {};
}

}  // namespace ramet::targets::kubernetes
