#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Kind `local.shared`, node "address/<service>" or "database/<name>": what a preview shares with its base. Nothing is created and
/// nothing removed: the outputs are where the base's instance is found. Outputs: host, port.
class SharedDriver final : public engine::Driver {
public:
    explicit SharedDriver(Machine machine) : machine_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Result<engine::Outputs> find_address(const engine::ResourceRef& ref) const;

    Machine machine_;
};

}  // namespace ramet::targets::local
