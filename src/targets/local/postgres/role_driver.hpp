#pragma once

#include "data/postgres/service_role.hpp"
#include "domain/secret_opener.hpp"
#include "engine/driver.hpp"

namespace ramet::targets::postgres {

/// Kind "pg.role": the service's role and database inside a server. It has no place of its own: it comes and goes with the
/// server's data, and carries its mark as the role's comment. A clone's role still carries the base's mark until it is applied.
class RoleDriver final : public engine::Driver {
public:
    explicit RoleDriver(SecretOpener& secrets) : secrets_(secrets) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    /// Nobody can log in as the role any more; its data is the data directory's.
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    /// Nothing outlives the server: its inventory tells of all.
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    SecretOpener& secrets_;
};

}  // namespace ramet::targets::postgres
