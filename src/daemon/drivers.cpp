#include "daemon/drivers.hpp"

#include "targets/local/build_driver.hpp"
#include "targets/local/home_driver.hpp"
#include "targets/local/job_driver.hpp"
#include "targets/local/postgres/data_driver.hpp"
#include "targets/local/postgres/golden_driver.hpp"
#include "targets/local/postgres/golden_spec.hpp"
#include "targets/local/postgres/role_driver.hpp"
#include "targets/local/postgres/server_driver.hpp"
#include "targets/local/postgres/snapshot_driver.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"
#include "targets/local/postgres/spec.hpp"
#include "targets/local/redis_driver.hpp"
#include "targets/local/route_driver.hpp"
#include "targets/local/service_driver.hpp"
#include "targets/local/shared_driver.hpp"
#include "targets/local/shim_client.hpp"
#include "targets/local/shim_driver.hpp"

namespace ramet::daemon {

namespace local = targets::local;
namespace postgres = targets::postgres;

void Drivers::add(std::string_view kind, std::unique_ptr<engine::Driver> driver)
{
    table_[std::string(kind)] = driver.get();
    owned_.push_back(std::move(driver));
}

Result<std::unique_ptr<Drivers>> Drivers::make(const Path& data_directory, const std::string& install,
                                               storage::Stores& stores, Clock& clock, local::Routes& routes)
{
    const auto shim = TRY(local::ensure_shim_binary(data_directory / "bin"));
    const local::Machine machine{data_directory, shim, stores.allocations, stores.secrets};
    postgres::PostgresOptions options;
    options.install = install;
    options.store = {data_directory};
    options.servers = data_directory / "servers";
    options.sockets = data_directory / "run";
    options.shim_binary = shim;
    options.allocations = &stores.allocations;
    options.users = {local::first_uid, local::last_uid};
    TRY(ensure_directory(options.servers, 0711));
    TRY(ensure_directory(options.sockets, 0711));

    auto made = std::unique_ptr<Drivers>(new Drivers(machine, std::move(options)));
    made->add("local.home", std::make_unique<local::HomeDriver>(machine));
    made->add("local.build", std::make_unique<local::BuildDriver>(machine));
    made->add("local.shim", std::make_unique<local::ShimDriver>(machine));
    made->add("local.service", std::make_unique<local::ServiceDriver>(machine));
    made->add("local.job", std::make_unique<local::JobDriver>(machine));
    made->add("local.route", std::make_unique<local::RouteDriver>(routes));
    made->add("local.shared", std::make_unique<local::SharedDriver>(machine));
    made->add("redis.server", std::make_unique<local::RedisDriver>(machine));
    made->add(postgres::data_kind, std::make_unique<postgres::DataDriver>(made->postgres_, clock));
    made->add(postgres::server_kind, std::make_unique<postgres::ServerDriver>(made->postgres_, clock));
    made->add(postgres::role_kind, std::make_unique<postgres::RoleDriver>(stores.secrets));
    made->add(postgres::golden_kind, std::make_unique<postgres::GoldenDriver>(made->postgres_, clock));
    made->add(postgres::snapshot_kind, std::make_unique<postgres::SnapshotDriver>(made->postgres_, clock));
    return made;
}

void Drivers::add_kubernetes(targets::kubernetes::Clusters& clusters, SecretOpener& secrets)
{
    auto objects = std::make_unique<targets::kubernetes::ObjectDriver>(clusters, secrets);
    add("kubernetes.image",
        std::make_unique<targets::kubernetes::ImageDriver>(
            *objects, secrets, targets::kubernetes::ImageDriver::Registries{target_registry_, registry_}));
    add("kubernetes.object", std::move(objects));
}

}  // namespace ramet::daemon
