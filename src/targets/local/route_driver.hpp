#pragma once

#include "targets/local/machine.hpp"
#include "targets/local/routes.hpp"

namespace ramet::targets::local {

/// Kind `local.route`, node "route/<service>/<host>": a public host that leads to a service's stable address. Outputs: host.
class RouteDriver final : public engine::Driver {
public:
    explicit RouteDriver(Routes& routes) : routes_(routes) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Routes& routes_;
};

/// Puts the route of a live `local.route` resource back into the table: called for each of the ledger's when the server starts.
Result<void> restore_route(Routes& routes, const engine::ResourceRef& ref);

}  // namespace ramet::targets::local
