#include "daemon/route_board.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace ramet::daemon {

using targets::local::Route;

// The caller holds the lock.
void RouteBoard::show(const std::string& host)
{
    const auto route = routes_.find(host);
    const auto page = pages_.find(host);
    if (route == routes_.end() && page == pages_.end()) return table_.remove(host);
    net::Route shown;
    if (route != routes_.end()) {
        shown.to = net::Upstream{route->second.upstream_host, static_cast<std::uint16_t>(route->second.upstream_port)};
        shown.service = route->second.service;
        shown.environment = route->second.environment;
    } else {
        shown.to = page->second.page;
        shown.environment = page->second.environment;
    }
    if (const auto set = table_.set(host, std::move(shown)); !set)
        log::error("the route {}: {}", host, set.error().message);
}

Result<void> RouteBoard::set(const Route& route)
{
    const std::scoped_lock lock(mutex_);
    const auto found = routes_.find(route.host);
    if (found != routes_.end() && found->second.owner != route.owner)
        return fail(ErrorKind::conflict, "the host {} belongs to {}", route.host, found->second.environment);
    routes_.insert_or_assign(route.host, route);
    show(route.host);
    return {};
}

Result<void> RouteBoard::remove(const std::string& host, const std::string& owner)
{
    const std::scoped_lock lock(mutex_);
    const auto found = routes_.find(host);
    if (found == routes_.end() || found->second.owner != owner) return {};
    routes_.erase(found);
    show(host);
    return {};
}

Result<std::optional<Route>> RouteBoard::find(const std::string& host)
{
    const std::scoped_lock lock(mutex_);
    const auto found = routes_.find(host);
    return found == routes_.end() ? std::optional<Route>() : std::optional(found->second);
}

Result<std::vector<Route>> RouteBoard::list()
{
    const std::scoped_lock lock(mutex_);
    std::vector<Route> all;
    for (const auto& [host, route] : routes_) all.push_back(route);
    return all;
}

void RouteBoard::set_page(const std::string& host, const std::string& owner, const std::string& environment,
                          net::Page page)
{
    const std::scoped_lock lock(mutex_);
    pages_.insert_or_assign(host, Shown{owner, environment, std::move(page)});
    if (!routes_.contains(host)) show(host);
}

std::set<std::string> RouteBoard::page_owners()
{
    const std::scoped_lock lock(mutex_);
    std::set<std::string> owners;
    for (const auto& [host, shown] : pages_) owners.insert(shown.owner);
    return owners;
}

void RouteBoard::drop_pages(const std::string& owner, const std::vector<std::string>& kept)
{
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> dropped;
    for (const auto& [host, shown] : pages_)
        if (shown.owner == owner && std::ranges::find(kept, host) == kept.end()) dropped.push_back(host);
    for (const auto& host : dropped) {
        pages_.erase(host);
        show(host);
    }
}

}  // namespace ramet::daemon
