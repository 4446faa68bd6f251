#pragma once

#include "data/store/clone_store.hpp"
#include "engine/driver.hpp"
#include "storage/stores.hpp"
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
    std::vector<std::unique_ptr<engine::Driver>> owned_;
    engine::Drivers table_;
};

}  // namespace ramet::daemon
