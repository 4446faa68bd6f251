#pragma once

#include "data/postgres/settings.hpp"
#include "engine/driver.hpp"
#include "targets/local/postgres/options.hpp"
#include "targets/local/shim_client.hpp"

namespace ramet::targets::postgres {

/// Kind "pg.server": one PostgreSQL under a shim, on a loopback port and a socket that only Ramet can reach. A change (other
/// data after a reset) is applied in place, so that its address stays.
class ServerDriver final : public engine::Driver {
public:
    ServerDriver(const PostgresOptions& options, Clock& clock) : options_(options), clock_(clock) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    /// Where this server's things are; allocates its port when it has none.
    Result<data::ServerSettings> settle(const engine::ResourceRef& ref) const;

    const PostgresOptions& options_;
    Clock& clock_;
};

}  // namespace ramet::targets::postgres
