#include "targets/local/environment_fixture.hpp"
#include "targets/local/job_driver.hpp"
#include "targets/local/redis_driver.hpp"
#include "targets/local/route_driver.hpp"
#include "targets/local/shared_driver.hpp"

using namespace ramet;
using namespace ramet::targets::local;
using testing::check_driver_contract;
using testing::presence_of;

namespace {

class MemoryRoutes final : public Routes {
public:
    Result<void> set(const Route& route) override
    {
        routes_[route.host] = route;
        return {};
    }
    Result<void> remove(const std::string& host, const std::string&) override
    {
        routes_.erase(host);
        return {};
    }
    Result<std::optional<Route>> find(const std::string& host) override
    {
        const auto at = routes_.find(host);
        return at == routes_.end() ? std::nullopt : std::optional(at->second);
    }
    Result<std::vector<Route>> list() override
    {
        std::vector<Route> all;
        for (const auto& [host, route] : routes_) all.push_back(route);
        return all;
    }

private:
    std::map<std::string, Route> routes_;
};

}  // namespace

TEST_CASE("the home keeps the contract of drivers")
{
    LocalMachine local;
    HomeDriver homes(local.machine());
    check_driver_contract({homes, local.resource("local.home", "home"), {"directory", "service_uid", "database_uid"}});
    CHECK(local.allocations.size() == 0);
}

TEST_CASE("the shim of a service keeps the contract of drivers")
{
    EnvironmentFixture environment;
    check_driver_contract(
        {environment.shims, environment.local.resource("local.shim", "address/api"), {"host", "port"}});
}

TEST_CASE("a service keeps the contract of drivers")
{
    EnvironmentFixture environment;
    auto address = environment.address("api");
    check_driver_contract(
        {environment.services,
         environment.service("api", python_run(), {{"health", json::object{{"kind", "http"}, {"path", "/"}}}}),
         {"host", "port"}});
    CHECK(count_processes("http.server, os, signal") == 0);
    CHECK(take_down(environment.shims, address).has_value());
}

TEST_CASE("a job keeps the contract of drivers")
{
    EnvironmentFixture environment;
    JobDriver jobs(environment.local.machine());
    json::object spec{{"run", "echo done"}, {"once", "k1"}, {"uid", environment.home.outputs.at("service_uid")}};
    check_driver_contract({jobs, environment.local.resource("local.job", "job/seed", spec)});
}

TEST_CASE("Redis keeps the contract of drivers")
{
    EnvironmentFixture environment;
    environment.local.secrets.values["redis-password"] = "p\"a s\\s";
    RedisDriver redis(environment.local.machine());
    json::object spec{{"password", json::object{{"$secret", "redis-password"}, {"version", 1}}},
                      {"uid", environment.home.outputs.at("database_uid")}};
    check_driver_contract(
        {redis, environment.local.resource("redis.server", "database/cache", spec), {"host", "port"}});
    CHECK(count_processes(environment.local.root().string()) == 0);
}

TEST_CASE("a route keeps the contract of drivers")
{
    LocalMachine local;
    MemoryRoutes routes;
    RouteDriver driver(routes);
    json::object spec{{"service", "web"}, {"environment", "pr-1"}, {"upstream_port", "20001"}};
    check_driver_contract({driver, local.resource("local.route", "route/web/web-pr-1.localhost", spec), {"host"}});
}

TEST_CASE("what is shared with the base keeps the contract of drivers")
{
    EnvironmentFixture base;
    auto address = base.address("mailhog");
    SharedDriver shared(base.local.machine());
    auto resource = base.local.resource("local.shared", "address/mailhog",
                                        json::object{{"base", "env1"}, {"shim", "service-mailhog"}});
    check_driver_contract({shared, resource, {"host", "port"}});
    CHECK(presence_of(base.shims, address) == engine::Presence::ours);
    CHECK(take_down(base.shims, address).has_value());
}
