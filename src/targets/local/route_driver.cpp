#include "targets/local/route_driver.hpp"

#include "targets/local/marks.hpp"

#include <cstdlib>

namespace ramet::targets::local {
namespace {

/// The part behind "route/SERVICE/", so that a removal needs no spec.
std::string host_of(const engine::ResourceRef& ref)
{
    return std::string(last_part(ref.path));
}

Route route_of(const engine::ResourceRef& ref)
{
    return {.host = host_of(ref),
            .owner = ref.mark.owner.str(),
            .nonce = ref.mark.nonce,
            .service = get_string(ref.spec, "service"),
            .environment = get_string(ref.spec, "environment"),
            .upstream_host = get_string(ref.spec, "upstream_host", "127.0.0.1"),
            .upstream_port = std::atoi(get_string(ref.spec, "upstream_port").c_str()),
            .install = ref.mark.install,
            .name = ref.name};
}

bool is_ours(const Route& route, const engine::ResourceRef& ref)
{
    return route.owner == ref.mark.owner.str() && route.nonce == ref.mark.nonce;
}

}  // namespace

Result<engine::Observation> RouteDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto route = TRY(routes_.find(host_of(ref)));
    if (!route) return engine::Observation{};
    engine::Observation observation{
        .presence = engine::Presence::foreign, .external_id = route->host, .identity = route->nonce};
    if (is_ours(*route, ref))
        observation.presence = engine::Presence::ours;
    else
        observation.evidence = fmt::format("{} leads to {} of {}", route->host, route->service, route->environment);
    return observation;
}

Result<engine::Acknowledged> RouteDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                                const engine::Token&)
{
    TRY(restore_route(routes_, ref));
    return engine::Acknowledged{host_of(ref), ref.mark.nonce, {{"host", host_of(ref)}}};
}

Result<engine::Readiness> RouteDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto route = TRY(routes_.find(host_of(ref)));
    if (route && is_ours(*route, ref)) return engine::Ready{{{"host", route->host}}};
    return engine::Failed{{ErrorKind::unavailable, fmt::format("{} lost its route", host_of(ref))}};
}

Result<void> RouteDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const auto route = TRY(routes_.find(host_of(ref)));
    if (!route) return {};
    if (!is_ours(*route, ref))
        return fail(ErrorKind::conflict, "{} leads to {} of {}", route->host, route->service, route->environment);
    TRY(check_identity(proof, route->nonce));
    return routes_.remove(route->host, route->owner);
}

Result<std::vector<engine::InventoryItem>> RouteDriver::inventory(const engine::Call&, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& route : TRY(routes_.list())) {
        if (route.install != install) continue;
        items.push_back({"local.route",
                         route.name,
                         {route.install, engine::OwnerId(route.owner), route.nonce},
                         route.host,
                         route.nonce});
    }
    return items;
}

engine::Driver::Change RouteDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return old_spec == new_spec ? Change::keep : Change::update;
}

Result<void> restore_route(Routes& routes, const engine::ResourceRef& ref)
{
    const auto route = route_of(ref);
    if (route.upstream_port <= 0) return fail(ErrorKind::internal, "{} names no port to lead to", ref.path);
    const auto there = TRY(routes.find(route.host));
    if (there && !is_ours(*there, ref))
        return fail(ErrorKind::conflict, "{} leads to {} of {} already", there->host, there->service,
                    there->environment);
    return routes.set(route);
}

}  // namespace ramet::targets::local
