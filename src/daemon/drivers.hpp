#pragma once

#include "data/store/clone_store.hpp"
#include "engine/driver.hpp"
#include "net/http_client.hpp"
#include "storage/stores.hpp"
#include "targets/kubernetes/image_driver.hpp"
#include "targets/local/machine.hpp"
#include "targets/local/postgres/options.hpp"
#include "targets/local/routes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ramet::daemon {

/// Every driver of this version, and the one table in which kinds meet them.
class Drivers {
public:
    static Result<std::unique_ptr<Drivers>> make(const Path& data_directory, const std::string& install,
                                                 storage::Stores& stores, Clock& clock, targets::local::Routes& routes);
    /// Those of clusters; both outlive this.
    void add_kubernetes(targets::kubernetes::Clusters& clusters, SecretOpener& secrets);

    const engine::Drivers& table() const { return table_; }
    const targets::local::Machine& machine() const { return machine_; }

private:
    Drivers(targets::local::Machine machine, targets::postgres::PostgresOptions postgres)
        : machine_(machine), postgres_(std::move(postgres))
    {
    }
    void add(std::string_view kind, std::unique_ptr<engine::Driver> driver);

    targets::local::Machine machine_;
    targets::postgres::PostgresOptions postgres_;
    net::CurlClient any_registry_;
    net::CurlClient public_registry_{{.addresses = net::AddressPolicy::public_only}};
    targets::kubernetes::Registry target_registry_{any_registry_};
    targets::kubernetes::Registry registry_{public_registry_};
    std::vector<std::unique_ptr<engine::Driver>> owned_;
    engine::Drivers table_;
};

}  // namespace ramet::daemon
