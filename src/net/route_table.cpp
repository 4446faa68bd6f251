#include "net/route_table.hpp"

#include "net/host.hpp"

namespace ramet::net {

RouteTable::RouteTable() : map_(std::make_shared<const Map>()) {}

Result<void> RouteTable::set(std::string_view host, Route route)
{
    std::vector<Entry> entries;
    entries.push_back({std::string(host), std::move(route)});
    return update(std::move(entries));
}

void RouteTable::remove(std::string_view host)
{
    const std::string removed[] = {std::string(host)};
    // Only a changed host can be invalid; one that is removed and is none was never there.
    static_cast<void>(update({}, removed));
}

Result<void> RouteTable::update(std::vector<Entry> changed, std::span<const std::string> removed)
{
    for (auto& entry : changed) {
        std::string host;
        if (!normalise_host(entry.host, host))
            return fail(ErrorKind::invalid, "\"{}\" is no host name, so nothing can be served there", entry.host);
        entry.host = std::move(host);
    }
    const std::lock_guard lock(mutex_);
    auto map = std::make_shared<Map>(*map_);
    for (std::string host; const auto& each : removed)
        if (normalise_host(each, host)) map->erase(host);
    for (auto& [host, route] : changed) (*map)[host] = std::make_shared<const Route>(std::move(route));
    map_ = std::move(map);
    version_.fetch_add(1, std::memory_order_release);
    return {};
}

std::shared_ptr<const Route> RouteTable::find(std::string_view host) const
{
    std::string name;
    if (!normalise_host(host, name)) return nullptr;
    const auto map = snapshot();
    const auto found = map->find(name);
    return found == map->end() ? nullptr : found->second;
}

std::size_t RouteTable::size() const
{
    return snapshot()->size();
}

std::shared_ptr<const RouteTable::Map> RouteTable::snapshot() const
{
    const std::lock_guard lock(mutex_);
    return map_;
}

const std::shared_ptr<const Route>* RouteReader::find(const std::string& host)
{
    // The version is read before the map, so that a change in between is seen at the next request.
    if (const auto version = table_.version(); version != version_) {
        map_ = table_.snapshot();
        version_ = version;
    }
    const auto found = map_->find(host);
    return found == map_->end() ? nullptr : &found->second;
}

}  // namespace ramet::net
