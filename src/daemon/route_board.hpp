#pragma once

#include "net/route_table.hpp"
#include "targets/local/routes.hpp"

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace ramet::daemon {

/// What the proxy shows at each public host: the service, where there is one; else the state of the environment. The one that
/// knows both, so that a host never falls back to "unknown" between two states.
class RouteBoard final : public targets::local::Routes {
public:
    explicit RouteBoard(net::RouteTable& table) : table_(table) {}

    Result<void> set(const targets::local::Route& route) override;
    Result<void> remove(const std::string& host, const std::string& owner) override;
    Result<std::optional<targets::local::Route>> find(const std::string& host) override;
    Result<std::vector<targets::local::Route>> list() override;

    /// Shown at the host while no service answers there.
    void set_page(const std::string& host, const std::string& owner, const std::string& environment, net::Page page);
    /// Who has pages.
    std::set<std::string> page_owners();
    /// All of an owner's pages that are not among `kept`.
    void drop_pages(const std::string& owner, const std::vector<std::string>& kept);

private:
    struct Shown {
        std::string owner;
        std::string environment;
        net::Page page;
    };
    void show(const std::string& host);

    net::RouteTable& table_;
    std::mutex mutex_;
    std::map<std::string, targets::local::Route> routes_;
    std::map<std::string, Shown> pages_;
};

}  // namespace ramet::daemon
