#pragma once

#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Kind `local.shim`, node "address/<service>": the shim that holds a service's stable address for the environment's life.
/// Outputs: host, port.
class ShimDriver final : public engine::Driver {
public:
    explicit ShimDriver(Machine machine) : machine_(machine) {}

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Machine machine_;
};

/// Of a service's shim, also for whoever reads its log or its state: "service-<name>" in the environment's shims.
Path service_shim_directory(const Path& root, std::string_view environment, std::string_view service);

}  // namespace ramet::targets::local
