#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Kind `local.home`, node "home": the directory of an environment and the users that its programs run as.
/// Outputs: directory, service_uid, database_uid.
class HomeDriver final : public engine::Driver {
public:
    explicit HomeDriver(Machine machine) : machine_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    struct Users {
        unsigned service = 0;
        unsigned database = 0;
    };
    Result<Users> ensure_users(const engine::ResourceRef& ref);
    Result<void> end_users(const engine::ResourceRef& ref);
    Result<void> furnish(const Path& directory, const Users& users);
    engine::Outputs outputs_of(const Path& directory, const Users& users) const;

    Machine machine_;
};

}  // namespace ramet::targets::local
